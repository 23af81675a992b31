// ResNet-8 of MLPerf Tiny on CIFAR-10: 16, 32 and 64 channels, BatchNorm, shortcuts; 8-bit weights and activations, every
// binary point learned. Three epochs show the road; 100 and more show the accuracy:
//   npx qfx train examples/cifar10/resnet8.ts --data <folder of the binary batches> --epochs 100
import { defineRun } from 'qfx/autograd';
import type { tf as TensorFlow } from 'qfx/autograd';

type Tensor = TensorFlow.SymbolicTensor;

export default defineRun({
  name: 'resnet8-w8a8',
  data: 'cifar10',
  model: ({ tf, layers, shape, classes }) => {
    const bits = { wordLength: 8 };
    // Outputs of convolutions are accumulators: 12 bits.
    const q = layers({ weights: bits, bias: bits, scale: bits, offset: bits, activations: bits });

    /** Convolution and BatchNorm: accumulators of 12 bits, so that a shortcut can add them in few bits. */
    const convolution = (name: string, input: Tensor, filters: number, kernelSize: number, strides: number) => {
      const options = { filters, kernelSize, strides, padding: 'same', useBias: false } as const;
      const sums = q.conv2d({ name: `${name}_conv`, ...options }).apply(input);
      return q.batchNormalization({ name: `${name}_norm`, momentum: 0.9 }).apply(sums) as Tensor;
    };
    const relu = (name: string, input: Tensor) => q.relu({ name: `${name}_relu` }).apply(input) as Tensor;

    /** Two convolutions and a shortcut, which gets a 1x1 convolution where the shape changes. */
    const block = (name: string, input: Tensor, filters: number, strides: number) => {
      const first = relu(`${name}a`, convolution(`${name}a`, input, filters, 3, strides));
      const second = convolution(`${name}b`, first, filters, 3, 1);
      const shortcut = strides === 1 ? input : convolution(`${name}s`, input, filters, 1, strides);
      return relu(name, q.add({ name: `${name}_add`, output: 'exact' }).apply([second, shortcut]) as Tensor);
    };

    const image = tf.input({ shape: [...shape] });
    const pixels = q.input({ name: 'pixels', wordLength: 8, binaryPoint: 8 }).apply(image) as Tensor;
    const stem = relu('stem', convolution('stem', pixels, 16, 3, 1));
    const blocks = block('block3', block('block2', block('block1', stem, 16, 1), 32, 2), 64, 2);
    const pooled = q.globalAveragePooling2d({ name: 'pool' }).apply(blocks);
    const logits = q.dense({ name: 'classes', units: classes }).apply(pooled);
    return tf.model({ inputs: image, outputs: logits as Tensor });
  },
  training: {
    epochs: 3,
    batchSize: 64,
    seed: 1,
    learningRate: { schedule: 'cosine', rate: 0.002, warmUpSteps: 100 },
    augmentation: { crop: 4, flip: true },
  },
});
