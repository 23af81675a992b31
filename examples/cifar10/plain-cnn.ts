// A small plain CNN on CIFAR-10 with 6-bit weights and activations, every binary point learned:
//   npx qfx train examples/cifar10/plain-cnn.ts --data <folder of the binary batches>
import { defineRun } from 'qfx/autograd';

export default defineRun({
  name: 'plain-cnn-w6a6',
  data: 'cifar10',
  model: ({ tf, layers, shape, classes }) => {
    const bits = { wordLength: 6 };
    const q = layers({ weights: bits, bias: bits, scale: bits, offset: bits, activations: bits });
    /** Convolution, BatchNorm and ReLU on half of the rows and columns; BatchNorm's result is exact, the ReLU casts. */
    const stage = (name: string, filters: number) => [
      q.conv2d({ name: `${name}_conv`, filters, kernelSize: 3, padding: 'same', useBias: false }),
      q.maxPooling2d({ name: `${name}_pool`, poolSize: 2 }),
      q.batchNormalization({ name: `${name}_norm`, momentum: 0.9, output: 'exact' }),
      q.relu({ name: `${name}_relu` }),
    ];
    return tf.sequential({
      layers: [
        q.input({ name: 'pixels', inputShape: [...shape], wordLength: 8, binaryPoint: 8 }),
        ...stage('stage1', 16),
        ...stage('stage2', 32),
        ...stage('stage3', 64),
        q.flatten({ name: 'flatten' }),
        q.dense({ name: 'classes', units: classes }),
      ],
    });
  },
  training: {
    epochs: 3,
    batchSize: 64,
    seed: 1,
    learningRate: { schedule: 'cosine', rate: 0.003, warmUpSteps: 100 },
    augmentation: { crop: 2, flip: true },
  },
});
