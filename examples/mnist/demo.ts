// A network for MNIST in fixed point: 6-bit weights and activations, every binary point learned.
// `npm run demo` takes it the whole road; `npx qfx train examples/mnist/demo.ts` only trains it.
import { defineRun } from 'qfx/autograd';
import { demoNetwork } from './network.js';

const bits = { wordLength: 6 };

export default defineRun({
  name: 'demo',
  data: 'mnist',
  // Outputs of convolutions and of the dense layer are accumulators: 10 bits.
  model: (context) => demoNetwork(context, { weights: bits, bias: bits, scale: bits, offset: bits, activations: bits }),
  training: { epochs: 2, batchSize: 64, seed: 1, learningRate: { schedule: 'cosine', rate: 0.005 } },
});
