import { describe, expect, it } from 'vitest';
import { createLayers } from '../../../src/autograd/index.js';
import { describeLayer } from './contract.js';
import type { Random } from './random.js';

const image = (random: Random) => [random.integer(4, 7), random.integer(4, 7), random.integer(1, 4)];

function randomPool(random: Random) {
  const pair = (): [number, number] => [random.integer(1, 3), random.integer(1, 3)];
  return {
    poolSize: random.next() < 0.3 ? 2 : pair(),
    ...(random.next() < 0.7 ? { strides: pair() } : {}),
    padding: random.pick(['same', 'valid'] as const),
  };
}

describeLayer({
  kind: 'maxPooling2d',
  trials: 16,
  sample: (layers, random) => ({
    layer: layers.maxPooling2d(
      random.next() < 0.7 ? randomPool(random) : { poolSize: [3, 2], strides: 1, padding: [2, 1, 0, 1] },
    ),
    inputShapes: [image(random)],
  }),
});

describeLayer({
  kind: 'averagePooling2d',
  trials: 16,
  sample: (layers, random) => ({
    layer: layers.averagePooling2d({
      ...(random.next() < 0.7 ? randomPool(random) : { poolSize: [3, 2], strides: 1, padding: [2, 1, 0, 1] }),
      reciprocalWordLength: random.integer(2, 20),
    }),
    inputShapes: [image(random)],
  }),
});

describeLayer({
  kind: 'globalMaxPooling2d',
  sample: (layers, random) => ({ layer: layers.globalMaxPooling2d(), inputShapes: [image(random)] }),
});

describeLayer({
  kind: 'globalAveragePooling2d',
  sample: (layers, random) => ({
    layer: layers.globalAveragePooling2d({ reciprocalWordLength: random.integer(2, 20) }),
    inputShapes: [image(random)],
  }),
});

describe('pooling', () => {
  it('refuses a window that lies on padding alone', () => {
    const layers = createLayers();
    const pool = layers.maxPooling2d({ name: 'pool', poolSize: 2, strides: 1, padding: [2, 0, 0, 0] });
    expect(() => pool.computeOutputShape([null, 4, 4, 1])).toThrow(/layer "pool": .*padding alone/);
  });
});
