// The network of the demo without a single multiplier: every weight and every scale of BatchNorm is a sum or difference of two
// powers of two, so that products are shifts and additions.
// `npm run demo -- --multiplier-free` takes it the whole road.
import { defineRun } from 'qfx/autograd';
import { demoNetwork } from './network.js';

const bits = { wordLength: 6 };
const twoDigits = { wordLength: 8, kHot: { terms: 2 } };

export default defineRun({
  name: 'demo-multiplier-free',
  data: 'mnist',
  model: (context) =>
    demoNetwork(context, { weights: twoDigits, bias: bits, scale: twoDigits, offset: bits, activations: bits }),
  training: { epochs: 2, batchSize: 64, seed: 1, learningRate: { schedule: 'cosine', rate: 0.005 } },
});
