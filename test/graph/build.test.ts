import { describe, expect, it } from 'vitest';
import { buildGraph, QfxError, summarizeGraph } from '../../src/qfx/index.js';
import type {
  FixedPointType,
  GraphSpecification,
  IntegerTensor,
  KHot,
  NodeSpecification,
} from '../../src/qfx/index.js';
import { everyOperation } from './every-operation.js';

const type = (wordLength: number, binaryPoint: number, signed = true): FixedPointType => ({
  signed,
  wordLength,
  binaryPoint,
  rounding: 'AP_RND',
  overflow: 'AP_SAT',
});
const tensor = (shape: number[], wordLength: number, binaryPoint: number, raw: number[]): IntegerTensor => ({
  shape,
  format: { signed: true, wordLength, binaryPoint },
  raw: Float64Array.from(raw),
});
const kHot = (raw: number[], set: KHot): IntegerTensor => ({
  ...tensor([2, 1], 4, 3, raw),
  format: { signed: true, wordLength: 4, binaryPoint: 3, kHot: set },
});
const input: NodeSpecification = {
  name: 'x',
  operation: 'input',
  inputs: [],
  attributes: { shape: [2] },
  outputType: type(8, 4),
};
const dense: NodeSpecification = {
  name: 'y',
  operation: 'dense',
  inputs: ['x'],
  constants: { weights: 'w' },
  outputType: type(8, 0),
};
const small: GraphSpecification = {
  name: 'small',
  nodes: [input, dense],
  outputs: ['y'],
  tensors: { w: tensor([2, 1], 4, 3, [7, -8]) },
};

describe('buildGraph', () => {
  it('decides shape and exact type', () => {
    const [, y] = buildGraph(small).nodes;
    // -128 * 7 - 127 * 8 = -1912, 127 * 7 + 128 * 8 = 1913.
    expect(y).toMatchObject({ shape: [1], exactType: { signed: true, wordLength: 12, binaryPoint: 7 } });
  });

  it('freezes everything and shares nothing with the specification', () => {
    const raw = Float64Array.from([7, -8]);
    const provenance = { list: [1, { deep: 'yes' }] };
    const graph = buildGraph({ ...small, tensors: { w: { ...tensor([2, 1], 4, 3, []), raw } }, provenance });
    raw[0] = 100;
    expect(graph.tensors.w.raw[0]).toBe(7);
    const check = (value: unknown): void => {
      if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
      expect(Object.isFrozen(value)).toBe(true);
      Object.values(value).forEach(check);
    };
    check(graph);
    check(everyOperation());
    expect(Object.isFrozen(provenance.list)).toBe(false);
  });

  it('keeps no negative zero', () => {
    const nodes = [{ ...input, outputType: type(8, -0) }, dense];
    const graph = buildGraph({
      ...small,
      nodes,
      tensors: { w: tensor([2, 1], 4, -0, [-0, 1]) },
      provenance: { loss: -0 },
    });
    const check = (value: unknown): void => {
      expect(Object.is(value, -0)).toBe(false);
      if (ArrayBuffer.isView(value)) Array.from(value as Float64Array).forEach(check);
      else if (typeof value === 'object' && value !== null) Object.values(value).forEach(check);
    };
    check(graph);
  });

  it('refuses an exact result beyond 64 bits, with layer and width', () => {
    const wide = { ...small, nodes: [{ ...input, outputType: type(60, 0) }, dense] };
    // 2^59 * (7 + 8) needs 63 bits and a sign.
    expect(buildGraph(wide).nodes[1].exactType.wordLength).toBe(64);
    const wider = { ...small, nodes: [{ ...input, outputType: type(61, 0) }, dense] };
    expect(() => buildGraph(wider)).toThrow(/layer "y": its exact result needs 65 bits, ap_fixed<65, 62>; at most 64/);
  });

  it('refuses an exact intermediate beyond 64 bits, by name', () => {
    const pool: NodeSpecification = {
      name: 'y',
      operation: 'global-average-pooling2d',
      inputs: ['x'],
      constants: { reciprocals: 'r' },
      outputType: type(8, 0),
    };
    const graph: GraphSpecification = {
      ...small,
      nodes: [{ ...input, attributes: { shape: [2, 1, 1] }, outputType: type(64, 0) }, pool],
      tensors: {
        r: { shape: [1], format: { signed: false, wordLength: 0, binaryPoint: 0 }, raw: new Float64Array(1) },
      },
    };
    expect(() => buildGraph(graph)).toThrow(/layer "y": its exact sum needs 65 bits/);
  });

  it('takes what has no width', () => {
    const none = buildGraph({
      ...small,
      nodes: [
        { ...input, outputType: type(0, 700, false) },
        { ...dense, outputType: 'exact' },
      ],
      tensors: { w: tensor([2, 1], 4, 3, [7, -8]) },
    });
    expect(none.nodes[1].exactType).toEqual({ signed: false, wordLength: 0, binaryPoint: 0 });
    const half = buildGraph({
      ...small,
      nodes: [
        {
          ...input,
          outputType: {
            ...type(0, 0),
            wordLength: { axis: 0, values: [8, 0] },
            binaryPoint: { axis: 0, values: [4, 900] },
          },
        },
        dense,
      ],
    });
    // The second value is always 0: neither its weight nor its binary point counts.
    expect(half.nodes[1].exactType).toEqual({ signed: true, wordLength: 11, binaryPoint: 7 });
  });

  it('decides exactly beyond 53 bits', () => {
    const graph = buildGraph({
      ...small,
      nodes: [
        { ...input, attributes: { shape: [1] }, outputType: type(53, 0, false) },
        { ...dense, constants: { weights: 'w', bias: 'b' }, outputType: 'exact' },
      ],
      tensors: {
        w: tensor([1, 1], 2, 0, [1]),
        b: { shape: [1], format: { signed: true, wordLength: 55, binaryPoint: 0 }, raw: BigInt64Array.of(1n << 53n) },
      },
    });
    // 2^53 - 1 + 2^53, which a double rounds up to 2^54.
    expect(graph.nodes[1].exactType).toEqual({ signed: false, wordLength: 54, binaryPoint: 0 });
  });

  it('aligns an operand whose formats vary inside a channel, and says so', () => {
    const byRow = { ...type(4, 0), binaryPoint: { axis: 0, values: [0, 3] } };
    const conv: NodeSpecification = {
      name: 'y',
      operation: 'conv2d',
      inputs: ['x'],
      attributes: { strides: [1, 1], dilations: [1, 1], padding: [0, 0, 0, 0], groups: 1 },
      constants: { weights: 'w' },
      outputType: 'exact',
    };
    const node = (outputType: FixedPointType | typeof byRow) =>
      buildGraph({
        ...small,
        nodes: [{ ...input, attributes: { shape: [2, 1, 1] }, outputType }, conv],
        tensors: { w: tensor([1, 1, 1, 1], 2, 1, [1]) },
      }).nodes[1];
    expect(node(byRow).intermediateTypes).toEqual({ operand: { signed: true, wordLength: 7, binaryPoint: 3 } });
    expect(node(byRow).exactType).toEqual({ signed: true, wordLength: 7, binaryPoint: 4 });
    expect(node(type(4, 0)).intermediateTypes).toEqual({});
  });

  it('counts only taps that ever see the image', () => {
    const conv: NodeSpecification = {
      name: 'y',
      operation: 'conv2d',
      inputs: ['x'],
      attributes: { strides: [1, 1], dilations: [1, 1], padding: [1, 1, 1, 1], groups: 1 },
      constants: { weights: 'w' },
      outputType: 'exact',
    };
    const graph = buildGraph({
      ...small,
      nodes: [{ ...input, attributes: { shape: [1, 1, 1] } }, conv],
      tensors: { w: tensor([3, 3, 1, 1], 8, 0, [127, 127, 127, 127, 1, 127, 127, 127, 127]) },
    });
    expect(graph.nodes[1].exactType).toEqual({ signed: true, wordLength: 8, binaryPoint: 4 });
  });

  const refused: [string, Partial<GraphSpecification>, RegExp][] = [
    [
      'a value that is not K-hot',
      { tensors: { w: kHot([5, 7], { terms: 2, digits: 'plain' }) } },
      /tensor "w": raw value 7 at index 1, allowed: sums of at most 2 plain powers of two, magnitudes of 3 bits/,
    ],
    [
      'a K-hot magnitude beyond its bits',
      { tensors: { w: kHot([5, -8], { terms: 2, digits: 'signed' }) } },
      /tensor "w": raw value -8 at index 1, allowed: sums of at most 2 signed powers/,
    ],
    [
      'too many K-hot terms',
      { tensors: { w: kHot([1, 0], { terms: 5, digits: 'signed' }) } },
      /tensor "w": 5 K-hot terms, allowed: whole numbers 1 to 4/,
    ],
    [
      'a K-hot result',
      { nodes: [input, { ...dense, outputType: { ...type(8, 0), kHot: { terms: 1, digits: 'plain' } } }] },
      /layer "y": a K-hot type, allowed for constants only/,
    ],
    [
      'a tensor that nothing uses',
      { tensors: { ...small.tensors, v: tensor([1], 4, 0, [1]) } },
      /tensor "v": nothing uses it/,
    ],
    ['a constant that is no tensor', { tensors: {} }, /layer "y": its weights "w" is no tensor of the graph/],
    [
      'a raw integer outside its format',
      { tensors: { w: tensor([2, 1], 4, 3, [8, 0]) } },
      /tensor "w": raw value 8 at index 0, allowed in ap_fixed<4, 1>: whole numbers -8 to 7/,
    ],
    [
      'a raw value that is not whole',
      { tensors: { w: tensor([2, 1], 4, 3, [0.5, 0]) } },
      /tensor "w": raw value 0.5 at index 0/,
    ],
    [
      'a raw value that is no number',
      { tensors: { w: tensor([2, 1], 4, 3, [NaN, 0]) } },
      /tensor "w": raw value NaN at index 0/,
    ],
    [
      'too few raw values',
      { tensors: { w: tensor([2, 1], 4, 3, [1]) } },
      /tensor "w": 1 values, shape \[2, 1\] needs 2/,
    ],
    [
      'an empty tensor',
      { tensors: { w: tensor([0, 1], 4, 3, []) } },
      /tensor "w": shape \[0, 1\], allowed: 1 to 8 axes/,
    ],
    [
      'the wrong storage',
      { tensors: { w: { ...tensor([2, 1], 4, 3, []), raw: new BigInt64Array(2) } } },
      /tensor "w": raw integers come in a BigInt64Array, their format needs a Float64Array/,
    ],
    [
      'an exact input',
      { nodes: [{ ...input, outputType: 'exact' }, dense] },
      /layer "x": an input needs a declared type/,
    ],
    [
      'an unknown operation',
      { nodes: [input, { ...dense, operation: 'toString' }] },
      /layer "y": unknown operation "toString", known: input, dense/,
    ],
    ['no outputs', { outputs: [] }, /graph: it has no outputs/],
    ['a node for nothing', { nodes: [input, dense, { ...dense, name: 'z' }] }, /layer "z": nothing uses its result/],
    [
      'a cycle',
      { nodes: [input, { ...dense, inputs: ['z'] }, { ...dense, name: 'z', inputs: ['y'] }] },
      /layer "y": its input "z" is not an earlier node/,
    ],
    ['an invalid type', { nodes: [input, { ...dense, outputType: type(65, 0) }] }, /layer "y": word length 65/],
    ['NaN in the provenance', { provenance: { loss: NaN } }, /provenance.loss: NaN is nothing that JSON carries/],
    [
      'a function in the provenance',
      { provenance: { f: (() => 1) as unknown as string } },
      /provenance.f: function is nothing/,
    ],
    [
      'an integer beyond 2^53 in the provenance',
      { provenance: { seed: 2 ** 60 } },
      /provenance.seed: 1152921504606847000 is beyond 2\^53/,
    ],
    [
      'a reserved name',
      {
        nodes: [
          { ...input, name: '__proto__' },
          { ...dense, inputs: ['__proto__'] },
        ],
      },
      /the name "__proto__" is reserved/,
    ],
    [
      'a huge input',
      { nodes: [{ ...input, attributes: { shape: [4096, 4097] } }, dense] },
      /layer "x": shape \[4096, 4097\] has more than 16777216 values/,
    ],
  ];
  for (const [what, change, message] of refused) {
    it(`refuses ${what}`, () => {
      expect(() => buildGraph({ ...small, ...change })).toThrow(message);
      expect(() => buildGraph({ ...small, ...change })).toThrow(QfxError);
    });
  }

  it('takes any other name', () => {
    for (const name of ['int', 'a"b', '../../etc/passwd', 'ñ 卷积', 'constructor', 'x\n#include', '0']) {
      const graph = buildGraph({
        ...small,
        name,
        nodes: [
          { ...input, name },
          { ...dense, inputs: [name] },
        ],
      });
      expect(graph.nodes[0].name).toBe(name);
    }
  });

  it('decides large windows quickly', () => {
    const conv: NodeSpecification = {
      name: 'y',
      operation: 'conv2d',
      inputs: ['x'],
      attributes: { strides: [1, 1], dilations: [1, 1], padding: [400, 400, 400, 400], groups: 1 },
      constants: { weights: 'w' },
      outputType: 'exact',
    };
    const ones = tensor([500, 500, 1, 1], 4, 0, new Array<number>(250_000).fill(1));
    const image = { ...input, attributes: { shape: [200, 200, 1] } };
    const start = performance.now();
    const graph = buildGraph({ ...small, nodes: [image, conv], tensors: { w: ones } });
    // At most the 200 x 200 taps on the image count: -128 * 40,000.
    expect(graph.nodes[1].exactType).toEqual({ signed: true, wordLength: 24, binaryPoint: 4 });
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it('refuses an average with absurdly many counts, quickly', () => {
    const pool: NodeSpecification = {
      name: 'y',
      operation: 'average-pooling2d',
      inputs: ['x'],
      attributes: { poolSize: [60_000, 200], strides: [1, 1], padding: [5000, 0, 199, 0], counts: [1] },
      constants: { reciprocals: 'r' },
      outputType: 'exact',
    };
    const image = { ...input, attributes: { shape: [60_000, 200, 1] } };
    const graph = { ...small, nodes: [image, pool], tensors: { r: tensor([1], 4, 0, [1]) } };
    expect(() => buildGraph(graph)).toThrow(/layer "y": its windows have more than 4096 different numbers of taps/);
  });

  it('refuses too many values or multiplications in all', () => {
    const shape = [4096, 4096];
    const many = Array.from({ length: 5 }, (_, index): NodeSpecification => ({
      name: `r${index}`,
      operation: 'requantize',
      inputs: [index === 0 ? 'x' : `r${index - 1}`],
      outputType: 'exact',
    }));
    const nodes = [{ ...input, attributes: { shape } }, ...many];
    expect(() => buildGraph({ name: 'large', nodes, outputs: ['r4'] })).toThrow(
      /layer "r3": the graph has more than 67108864 values/,
    );
  });
});

describe('summarizeGraph', () => {
  it('counts multiplications, parameters and bits', () => {
    const { layers, ...total } = summarizeGraph(everyOperation());
    const of = (name: string) => layers.find((layer) => layer.name === name);
    expect(of('conv')).toMatchObject({
      operation: 'conv2d',
      shape: [5, 4, 4],
      multiplications: 5 * 4 * 72,
      parameters: 76,
      parameterBits: 72 * 5 + 4 * 8,
    });
    expect(of('depthwise')).toMatchObject({
      multiplications: 5 * 4 * 24,
      parameters: 24,
      parameterBits: 6 * (4 + 0 + 1 + 3),
    });
    expect(of('dense')).toMatchObject({ multiplications: 57, parameters: 60 });
    expect(of('relu')).toMatchObject({ multiplications: 0, parameters: 0, parameterBits: 0 });
    expect(total.multiplications).toBe(layers.reduce((sum, layer) => sum + layer.multiplications, 0));
    expect(total.parameters).toBe(76 + 4 + 4 + 24 + 2 + 1 + 60);
  });
});
