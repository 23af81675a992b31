// The network of the demo with word lengths that training finds, within a budget of bit operations:
//   npx qfx train examples/mnist/budget.ts
import { defineRun } from 'qfx/autograd';
import { demoNetwork } from './network.js';

const bits = { wordLength: 6 };
const learned = { wordLength: { initial: 6, maximum: 8 } };

export default defineRun({
  name: 'mnist-budget',
  data: 'mnist',
  model: (context) =>
    demoNetwork(context, {
      weights: { ...learned, granularity: 'channel' },
      bias: bits,
      scale: bits,
      offset: bits,
      activations: learned,
      // Sums are as wide as they need to be.
      accumulators: { wordLength: 10 },
    }),
  training: {
    epochs: 2,
    batchSize: 64,
    seed: 1,
    learningRate: { schedule: 'cosine', rate: 0.005 },
    // With 6-bit words everywhere it would be 14.5 million.
    resources: { bitOperations: 4_000_000 },
  },
});
