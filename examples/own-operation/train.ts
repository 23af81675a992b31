/** Are two numbers far apart? A network with an operation of its own learns it; `npx tsx examples/own-operation/train.ts`. */
import { createLayers, freeze, initializeBackend, tf } from 'qfx/autograd';
import { exportHls, simulate } from 'qfx/hls';
import { Absolute } from './index.js';

await initializeBackend();

const q = createLayers({ weights: { wordLength: 6 }, activations: { wordLength: 6 }, seed: 1 });
const model = tf.sequential({
  layers: [
    q.input({ inputShape: [2], wordLength: 8, binaryPoint: 8 }),
    q.dense({ name: 'difference', units: 4 }),
    new Absolute({ name: 'distance', output: { wordLength: 6 } }),
    q.dense({ name: 'classes', units: 2 }),
  ],
});

const pairs = tf.randomUniform([512, 2], 0, 256, 'float32', 1).floor().div(256);
const [first, second] = pairs.split(2, 1);
const far = first.sub(second).abs().greater(0.3).cast('int32').reshape([512]);
model.compile({
  optimizer: tf.train.adam(0.02),
  loss: (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits),
  metrics: ['accuracy'],
});
const { history } = await model.fit(pairs, tf.oneHot(far, 2), { epochs: 20, batchSize: 32, verbose: 0 });

const graph = freeze(model, { name: 'far-apart', samples: pairs });
await exportHls(graph, { out: 'out/own-operation', board: 'ultra96' });
const { valuesCompared, mismatches } = await simulate('out/own-operation', { images: 100 });

console.log(`${(100 * Number(history.acc.at(-1))).toFixed(1)} % of the pairs`);
console.log(`C++ against integers: ${valuesCompared} values of all layers, ${mismatches} mismatches`);
