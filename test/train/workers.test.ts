import { describe, expect, it, beforeAll } from 'vitest';
import { initializeBackend } from '../../src/autograd/backend.js';
import { createLayers } from '../../src/autograd/layers/index.js';
import { tf } from '../../src/autograd/tensorflow.js';
import { modelWeights } from '../../src/autograd/train/model-weights.js';
import { train } from '../../src/autograd/train/train.js';
import { bars } from './synthetic.js';

const data = bars({ train: 330, test: 500 });
const training = { epochs: 2, batchSize: 30, shards: 4, seed: 7, augmentation: { crop: 1 } } as const;

function network(): tf.LayersModel {
  const layers = createLayers({ seed: 3, weights: { wordLength: 5 }, activations: { wordLength: 5 } });
  return tf.sequential({
    layers: [
      layers.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 }),
      layers.conv2d({ filters: 3, kernelSize: 3, strides: 2 }),
      layers.batchNormalization({ momentum: 0.8 }),
      layers.relu(),
      layers.flatten(),
      layers.dense({ units: 3 }),
    ],
  });
}
const weightsOf = (model: tf.LayersModel) => modelWeights(model).map(({ key, read }) => [key, [...read()]]);

describe('workers', () => {
  beforeAll(() => initializeBackend('wasm'));
  it('quick', async () => {
    const run = async (workers: number) => {
      const model = network();
      const s = performance.now();
      const result = await train({ model, data, ...training, workers });
      console.log(workers, performance.now() - s, result.test);
      return { result: { ...result, seconds: 0 }, weights: weightsOf(model) };
    };
    const one = await run(1);
    expect(await run(2)).toEqual(one);
    expect(await run(4)).toEqual(one);
  });
});
