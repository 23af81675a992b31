import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { buildGraph, Network, QfxError, registerOperation } from '../../src/qfx/index.js';
import type { Graph, TensorType } from '../../src/qfx/index.js';
import { runImages } from '../../src/parallel/index.js';
import type { ImageSource, RunImagesOptions } from '../../src/parallel/index.js';
import { planChunks } from '../../src/parallel/chunks.js';

const type: TensorType = { signed: false, wordLength: 8, binaryPoint: 0, rounding: 'AP_RND', overflow: 'AP_SAT' };

/** A dense layer that is large enough for several chunks of a few hundred images. */
function network(operation = 'requantize'): Network {
  const weights = Float64Array.from({ length: 64 * 16 }, (_, index) => (index % 15) - 7);
  return new Network(
    buildGraph({
      name: 'parallel',
      nodes: [
        { name: 'x', operation: 'input', inputs: [], attributes: { shape: [64] }, outputType: type },
        { name: 'y', operation: 'dense', inputs: ['x'], constants: { weights: 'weights' }, outputType: 'exact' },
        { name: 'z', operation, inputs: ['y'], outputType: 'exact' },
      ],
      outputs: ['z'],
      tensors: {
        weights: { shape: [64, 16], format: { signed: true, wordLength: 4, binaryPoint: 0 }, raw: weights },
      },
    }),
  );
}

const images = (count: number, change: (image: Uint8Array, index: number) => ArrayLike<number> = (image) => image) => {
  const source: ImageSource = {
    count,
    image: (index) =>
      change(
        Uint8Array.from({ length: 64 }, (_, position) => index * 7 + position * 3),
        index,
      ),
  };
  return source;
};

interface Found {
  readonly first: number;
  readonly raw: number[];
  readonly layers: string[];
}

async function collect(own: Network, source: ImageSource, options: RunImagesOptions): Promise<Found[]> {
  const found: Found[] = [];
  for await (const { first, outputs, layers } of runImages(own, source, options)) {
    found.push({ first, raw: Array.from(outputs.z.raw, Number), layers: Object.keys(layers) });
  }
  return found;
}

async function failureOf(own: Network, source: ImageSource, options: RunImagesOptions) {
  let done = 0;
  try {
    for await (const part of runImages(own, source, options)) done = part.first + part.images;
  } catch (error) {
    return { done, error: error as Error };
  }
  throw new Error('no error');
}

describe('runImages', () => {
  for (const workers of [1, 2, 3]) {
    it(`gives every image's result in order, with ${workers} workers`, async () => {
      const own = network();
      const count = 1500;
      const source = images(count);
      const found = await collect(own, source, { workers, layersFor: 10 });
      expect(found.length).toBeGreaterThan(5);
      const expected = Array.from({ length: count }, (_, index) => [...own.run(source.image(index)).outputs.z.raw]);
      expect(found.flatMap(({ raw }) => raw)).toEqual(expected.flat());
      expect(found.map(({ first }) => first)).toEqual(planChunks(own.graph, count, 10).map(({ first }) => first));
      expect(found[0].layers).toEqual(['x', 'y', 'z']);
      expect(found.filter(({ first }) => first >= 10).every(({ layers }) => layers.length === 0)).toBe(true);
    });

    it(`throws the error of the first wrong image, after the results before it, with ${workers} workers`, async () => {
      const wrong = images(1500, (image, index) => {
        return index === 700 || index === 1400 ? Float64Array.from(image, (value) => value + 0.5) : image;
      });
      const { done, error } = await failureOf(network(), wrong, { workers });
      expect(error).toBeInstanceOf(QfxError);
      expect(error.message).toMatch(/^image 700: layer "x": raw value \d+\.5 at index 0, allowed in ap_ufixed<8, 8>/);
      expect((error as QfxError).where).toBe('image 700');
      expect(done).toBe(512);
    });

    it(`stops at an abort, with ${workers} workers`, async () => {
      const abort = new AbortController();
      let asked = 0;
      const source = images(100_000, (image, index) => {
        asked = index;
        if (index === 600) abort.abort(new Error('enough'));
        return image;
      });
      const { error } = await failureOf(network(), source, { workers, signal: abort.signal });
      expect(error.message).toBe('enough');
      expect(asked).toBeLessThan(10_000);
    });
  }

  it('throws what the source throws, and names an image of another size', async () => {
    const failing = images(600, (image, index) => {
      if (index === 300) throw new Error('unreadable');
      return image;
    });
    for (const workers of [1, 2]) {
      expect((await failureOf(network(), failing, { workers })).error.message).toBe('unreadable');
      const short = images(600, (image, index) => (index === 300 ? image.subarray(1) : image));
      const { error } = await failureOf(network(), short, { workers });
      expect(error.message).toBe("image 300: 63 values, the network's input has 64");
    }
  });

  it('does not read far ahead of who takes the results', async () => {
    let asked = 0;
    const source = images(100_000, (image, index) => {
      asked = index;
      return image;
    });
    for await (const { first } of runImages(network(), source, { workers: 2 })) {
      expect(asked - first).toBeLessThan(5 * 256);
      if (first > 5000) break;
    }
    expect(asked).toBeLessThan(8000);
  });

  it.each([
    ['bytes', new Uint8Array(64)],
    ['numbers', new Float64Array(64)],
    ['a list', new Array<number>(64).fill(0)],
    ['32-bit integers', new Int32Array(64)],
  ])('takes images from a source that fills the same array again: %s', async (_, reused) => {
    const [count, fresh] = [700, images(700)];
    const again: ImageSource = {
      count,
      image(index) {
        Array.from(fresh.image(index), Number).forEach((value, position) => (reused[position] = value));
        return reused;
      },
    };
    const expected = await collect(network(), fresh, { workers: 1 });
    for (const workers of [1, 2]) expect(await collect(network(), again, { workers })).toEqual(expected);
  });

  it('takes images of several kinds', async () => {
    const mixed = images(8, (image, index) => {
      if (index % 4 === 1) return Float64Array.from(image);
      return index % 4 === 2 ? [...image] : image;
    });
    expect(await collect(network(), mixed, {})).toEqual(await collect(network(), images(8), {}));
  });

  it('takes lists and BigInt as images', async () => {
    const lists: ImageSource = {
      count: 3,
      image: (index) => Array.from({ length: 64 }, (_, at) => (at % 2 ? index : BigInt(at))),
    };
    const [one, two] = [
      await collect(network(), lists, { workers: 1 }),
      await collect(network(), lists, { workers: 2 }),
    ];
    expect(one).toEqual(two);
  });

  it('runs operations that only the caller has registered on its own thread', async () => {
    registerOperation({
      name: 'test/identity',
      attributes: z.strictObject({}),
      inputCount: { minimum: 1, maximum: 1 },
      constants: {},
      infer: ({ inputs: [{ shape, format }] }) => ({ shape, exactType: format as Graph['nodes'][0]['exactType'] }),
      prepare:
        () =>
        ([values]) =>
          values,
      multiplications: () => 0,
    });
    const [known, own] = [network(), network('test/identity')];
    const source = images(400);
    expect(await collect(own, source, { workers: 2 })).toEqual(await collect(known, source, { workers: 1 }));
  });

  it.each([NaN, 1.5, 0, -1, '2' as unknown as number, Infinity])('refuses %s workers', async (workers) => {
    const { error } = await failureOf(network(), images(3), { workers });
    expect(error).toBeInstanceOf(QfxError);
    expect(error.message).toBe(`workers: found ${workers}, allowed: whole numbers from 1 on`);
  });

  it('gives nothing for no images', async () => {
    expect(await collect(network(), images(0), {})).toEqual([]);
  });
});
