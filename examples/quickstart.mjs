import { createLayers, freeze, initializeBackend, firstImages, tf, train } from 'qfx/autograd';
import { loadData } from 'qfx/data';
import { exportHls, simulate } from 'qfx/hls';

await initializeBackend();
const data = await loadData('mnist');

// Six bits for every weight and activation. Where their binary points stand is learned.
const q = createLayers({ weights: { wordLength: 6 }, activations: { wordLength: 6 }, seed: 1 });
const model = tf.sequential({
  layers: [
    q.input({ inputShape: data.shape, wordLength: 8, binaryPoint: 8 }), // bytes of the image
    q.conv2d({ name: 'conv', filters: 8, kernelSize: 3, strides: 2, padding: 'same', useBias: false }),
    q.batchNormalization({ name: 'norm', momentum: 0.9 }),
    q.relu({ name: 'relu' }),
    q.maxPooling2d({ name: 'pool', poolSize: 2 }),
    q.flatten({ name: 'flatten' }),
    q.dense({ name: 'classes', units: 10 }),
  ],
});
const { test } = await train({ model, data, epochs: 1, learningRate: { schedule: 'cosine', rate: 0.005 } });

// The only door to hardware: it opens when both sides compute the same integers on real images.
const graph = freeze(model, { name: 'quickstart', samples: firstImages(data.test, data.shape, 64) });
await exportHls(graph, { out: 'out/quickstart', board: 'ultra96' });
const { valuesCompared, mismatches } = await simulate('out/quickstart', { images: 100 });

console.log(`${(100 * test.accuracy).toFixed(1)} % of ${test.images} test images, in fixed point`);
console.log(`C++ against integers: ${valuesCompared} values of all layers, ${mismatches} mismatches`);
