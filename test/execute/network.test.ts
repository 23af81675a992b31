import { describe, expect, it } from 'vitest';
import { buildGraph, hasCast, Network, QfxError, ReferenceNetwork } from '../../src/qfx/index.js';
import type { FixedPointType, NodeSpecification, TensorType } from '../../src/qfx/index.js';
import { everyOperation, everyOperationInputs } from '../graph/every-operation.js';

const type = (wordLength: number, binaryPoint: number, signed = true): FixedPointType => ({
  signed,
  wordLength,
  binaryPoint,
  rounding: 'AP_RND',
  overflow: 'AP_SAT',
});
const requantize = (from: TensorType, to: TensorType | 'exact', shape = [3]) => {
  const nodes: NodeSpecification[] = [
    { name: 'x', operation: 'input', inputs: [], attributes: { shape }, outputType: from },
    { name: 'y', operation: 'requantize', inputs: ['x'], outputType: to },
  ];
  return new Network(buildGraph({ name: 'cast', nodes, outputs: ['y'] }));
};

describe('Network', () => {
  it('returns every layer by name, and the outputs in their order', () => {
    const { outputs, layers } = new Network(everyOperation()).run(everyOperationInputs());
    expect(Object.keys(layers)).toEqual(everyOperation().nodes.map(({ name }) => name));
    expect(Object.keys(outputs)).toEqual(['dense', 'best']);
    expect(outputs.dense).toEqual(layers.dense);
    expect(outputs.dense.raw).toBeInstanceOf(BigInt64Array);
    expect(layers.conv).toMatchObject({ shape: [5, 4, 4], format: { signed: true, wordLength: 10, binaryPoint: 6 } });
  });

  it('leaves the layers out when it is asked to', () => {
    const network = new Network(everyOperation());
    const result = network.run(everyOperationInputs(), { layers: false });
    expect(result.layers).toEqual({});
    expect(result.outputs).toEqual(network.run(everyOperationInputs()).outputs);
  });

  it('casts each node to its declared type', () => {
    const network = requantize(type(8, 4), type(4, 1));
    expect([...network.run([12, -128, 127]).outputs.y.raw]).toEqual([2, -8, 7]);
    expect([...requantize(type(8, 4, false), type(8, 4)).run([200, 0, 127]).outputs.y.raw]).toEqual([127, 0, 127]);
    expect([...requantize(type(8, 4), type(8, 4, false)).run([-1, 0, 127]).outputs.y.raw]).toEqual([0, 0, 127]);
    expect([...requantize(type(8, 4), type(8, 3)).run([-3, 0, 127]).outputs.y.raw]).toEqual([-1, 0, 64]);
    expect([...requantize(type(8, 4), type(4, 4)).run([-3, 0, 127]).outputs.y.raw]).toEqual([-3, 0, 7]);
  });

  it('saturates symmetrically where the declared type is the exact one, too', () => {
    const network = requantize(type(5, 2), { ...type(5, 2), overflow: 'AP_SAT_SYM' });
    const image = Float64Array.of(-16, -15, 15);
    expect([...network.run(image).outputs.y.raw]).toEqual([-15, -15, 15]);
    expect(new ReferenceNetwork(network.graph).run(image).y).toEqual(network.run(image).outputs.y);
    expect(hasCast(network.graph.nodes[1])).toBe(true);
  });

  it('casts channel by channel', () => {
    const network = requantize(type(8, 4), {
      ...type(0, 0),
      wordLength: { axis: 0, values: [8, 3, 0] },
      binaryPoint: { axis: 0, values: [4, 0, 9] },
    });
    expect([...network.run([12, 127, 127]).outputs.y.raw]).toEqual([12, 3, 0]);
  });

  it('aligns an input whose elements have their own binary points', () => {
    const network = requantize({ ...type(8, 0), binaryPoint: { elements: [0, 3, 1] } }, 'exact');
    expect(network.graph.nodes[1].exactType).toEqual({ signed: true, wordLength: 11, binaryPoint: 3 });
    expect([...network.run([1, 1, -128]).outputs.y.raw]).toEqual([8, 1, -512]);
  });

  it('aligns what has no width from any distance', () => {
    const far = { ...type(8, 0), wordLength: { elements: [8, 0, 8] }, binaryPoint: { elements: [1024, -1024, 1024] } };
    expect([...requantize(far, 'exact').run([1, 0, -1]).outputs.y.raw]).toEqual([1, 0, -1]);
  });

  it('takes typed arrays, lists and BigInt', () => {
    const network = requantize(type(8, 4), 'exact');
    const expected = network.run([1, -2, 3]);
    expect(network.run(Int8Array.from([1, -2, 3]))).toEqual(expected);
    expect(network.run([1n, -2n, 3n])).toEqual(expected);
    expect(network.run({ x: [1, -2, 3] })).toEqual(expected);
    expect([...requantize(type(64, 0), 'exact').run([1n << 62n, -1, 0]).outputs.y.raw]).toEqual([1n << 62n, -1n, 0n]);
  });

  it('keeps no state between images, and its results', () => {
    const network = requantize(type(8, 4), 'exact');
    const first = network.run([1, 2, 3]);
    network.run([4, 5, 6]);
    expect([...first.outputs.y.raw]).toEqual([1, 2, 3]);
  });

  it('does not write to what it is given, nor return it', () => {
    const network = requantize(type(8, 4), 'exact');
    const image = Float64Array.from([1, 2, 3]);
    const { layers } = network.run(image);
    image[0] = 100;
    expect(layers.x.raw[0]).toBe(1);
    expect(layers.y.raw[0]).toBe(1);
  });

  const refused: [string, unknown, RegExp][] = [
    ['too few values', [1, 2], /layer "x": 2 values, shape \[3\] needs 3/],
    [
      'a value above its type',
      [1, 2, 128],
      /layer "x": raw value 128 at index 2, allowed in ap_fixed<8, 4>: whole numbers -128 to 127/,
    ],
    ['a value below its type', [1, -129n, 0], /layer "x": raw value -129 at index 1/],
    ['a huge BigInt', [1, 1n << 100n, 0], /layer "x": raw value 1.267\d+e\+30 at index 1/],
    ['a fraction', [1, 0.5, 0], /layer "x": raw value 0.5 at index 1/],
    ['NaN', [NaN, 0, 0], /layer "x": raw value NaN at index 0/],
    ['an input that it does not have', { z: [1, 2, 3] }, /graph "cast": no input "z", its inputs: "x"/],
    ['a missing input', {}, /layer "x": its values are missing/],
  ];
  for (const [what, image, message] of refused) {
    it(`refuses ${what}`, () => {
      const network = requantize(type(8, 4), 'exact');
      expect(() => network.run(image as number[])).toThrow(message);
      expect(() => network.run(image as number[])).toThrow(QfxError);
    });
  }

  it('refuses what a 64-bit input cannot hold', () => {
    const network = requantize(type(64, 0), 'exact');
    expect(() => network.run([1n << 63n, 0, 0])).toThrow(/raw value 9223372036854775808 at index 0 is beyond 64 bits/);
    expect(() => network.run([0.5, 0, 0])).toThrow(/raw value 0.5 at index 0, needed: a whole number/);
    expect(() => network.run([2 ** 60, 0, 0])).toThrow(/needed: a whole number \(a BigInt beyond 2\^53\)/);
    expect(() => requantize(type(60, 0), 'exact').run([1n << 59n, 0, 0])).toThrow(
      /raw value 576460752303423488 at index 0, allowed/,
    );
    expect(() => requantize(type(64, 0, false), 'exact').run([-1, 0, 0])).toThrow(
      /raw value -1 at index 0 is beyond 64 bits/,
    );
  });

  it('asks for names where there are several inputs', () => {
    expect(() => new Network(everyOperation()).run([1, 2])).toThrow(
      /it has 2 inputs, give their values by name: "image", "vector"/,
    );
  });

  describe('in a batch', () => {
    const double = () => requantize(type(8, 4), type(6, 3));
    const images = Array.from({ length: 1000 }, (_, image) => [(image % 256) - 128, image % 100, 0 - (image % 77)]);

    it('gives what each image gives on its own, in every kind of array', () => {
      const network = double();
      const expected = images.flatMap((image) => [...network.run(image).outputs.y.raw]);
      const values = images.flat();
      for (const given of [
        values,
        Int8Array.from(values),
        Int16Array.from(values),
        Int32Array.from(values),
        Float32Array.from(values),
        Float64Array.from(values),
        BigInt64Array.from(values, BigInt),
        values.map((value, index) => (index % 2 ? value : BigInt(value))),
        { x: values },
      ]) {
        const batch = network.runBatch(given);
        expect([...batch.outputs.y.raw]).toEqual(expected);
        expect([...batch.layers.x.raw]).toEqual(values);
        expect(batch.images).toBe(1000);
      }
      expect(network.runBatch(values, { layers: false }).layers).toEqual({});
    });

    it('takes no images', () => {
      expect(double().runBatch([])).toMatchObject({
        images: 0,
        outputs: { y: { shape: [3], raw: new Float64Array(0) } },
      });
    });

    it('takes several inputs, of as many images', () => {
      const network = new Network(everyOperation());
      const { image, vector } = everyOperationInputs();
      const one = network.run({ image, vector }).layers;
      const two = network.runBatch({ image: [...image, ...image], vector: [...vector, ...vector] }).layers;
      for (const [name, { raw }] of Object.entries(one)) {
        const own = Array.from(raw as ArrayLike<number | bigint>);
        expect(Array.from(two[name].raw as ArrayLike<number | bigint>)).toEqual([...own, ...own]);
      }
      expect(() => network.runBatch({ image, vector: [...vector, ...vector] })).toThrow(
        'layer "vector": 6 values, that is 2 images, input "image" has 1',
      );
    });

    const wrong: [string, ArrayLike<number | bigint>, string][] = [
      ['a value too many', [1, 2, 3, 4], 'layer "x": 4 values, an image of shape [3] has 3'],
      [
        'a value above',
        [1, 2, 3, 4, 128, 6],
        'image 1: layer "x": raw value 128 at index 1, allowed in ap_fixed<8, 4>',
      ],
      ['a value above in int16', Int16Array.from([1, 2, 3, 4, 128, 6]), 'image 1: layer "x": raw value 128 at index 1'],
      ['what int16 would wrap', Float64Array.from([1, 2, 65536]), 'image 0: layer "x": raw value 65536 at index 2'],
      ['an unsigned array', Uint16Array.from([1, 2, 65535]), 'image 0: layer "x": raw value 65535 at index 2'],
      ['a fraction', Float64Array.from([1, 2, 0.5]), 'image 0: layer "x": raw value 0.5 at index 2'],
      ['not a number', Float64Array.from([1, NaN, 0]), 'image 0: layer "x": raw value NaN at index 1'],
      ['a huge BigInt', [1n << 70n, 0, 0], 'image 0: layer "x": raw value 1.18'],
    ];
    for (const [what, values, message] of wrong) {
      it(`refuses ${what}, saying where`, () => {
        expect(() => double().runBatch(values)).toThrow(message);
        expect(() => double().runBatch(values)).toThrow(QfxError);
      });
    }
  });
});
