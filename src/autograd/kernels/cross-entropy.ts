import { elementCount } from '../../qfx/number/shape.js';
import type { HeapKernel } from '../tensorflow-heap.js';
import type { PlainKernel } from '../tensorflow-kernels.js';
import { differentiable, replaceSoftmaxCrossEntropy, runKernel } from '../tensorflow.js';
import type { tf } from '../tensorflow.js';
import type { Assembly } from './assembly.js';

/** Softmax cross-entropy: the loss of each row of logits, and its gradient in the same pass. */

interface CrossEntropyAttributes {
  /** What the gradient is divided by: the number of rows that a mean is taken over. */
  readonly divisor: number;
}

/**
 * `QfxSoftmaxCrossEntropy`: labels, logits [..., C] -> losses [...], gradient [..., C]. A loss is minus the sum of labels *
 * log(softmax(logits)), in nats; the gradient is (softmax(logits) - labels) / divisor, right where a row of labels adds up to 1.
 */
export const crossEntropyKernel: PlainKernel<CrossEntropyAttributes> = {
  name: 'QfxSoftmaxCrossEntropy',
  inputs: ['labels', 'logits'],
  outputShapes: ([, logits]) => [logits.slice(0, -1), logits],
  compute([labels, logits], [losses, gradient], [, shape], { divisor }) {
    const classes = shape[shape.length - 1];
    const powers = new Float64Array(classes);
    for (let row = 0; row < losses.length; row++) {
      const start = row * classes;
      let largest = logits[start];
      for (let index = 1; index < classes; index++)
        if (logits[start + index] > largest) largest = logits[start + index];
      let sum = 0;
      for (let index = 0; index < classes; index++) sum += powers[index] = Math.exp(logits[start + index] - largest);
      const logarithm = Math.log(sum);
      let loss = 0;
      for (let index = 0; index < classes; index++) {
        const label = labels[start + index];
        loss += label * (logarithm - (logits[start + index] - largest));
        gradient[start + index] = (powers[index] / sum - label) / divisor;
      }
      losses[row] = loss;
    }
  },
};

/** The same on the heap. */
export const crossEntropyHeapKernel: HeapKernel<CrossEntropyAttributes, Assembly> = {
  ...crossEntropyKernel,
  compute({ functions, scratch, inputs: [labels, logits], outputs: [losses, gradient], inputShapes, attributes }) {
    const [, shape] = inputShapes;
    const classes = shape[shape.length - 1];
    const rows = elementCount(shape) / classes;
    functions.crossEntropy(labels, logits, losses, gradient, rows, classes, attributes.divisor, scratch(2 * classes));
  },
};

/** Lets `tf.losses.softmaxCrossEntropy` run on the kernel: the library computes it from a dozen others. */
export function replaceCrossEntropy(): void {
  replaceSoftmaxCrossEntropy(crossEntropies, crossEntropyKernel.name);
}

/** The losses of all rows, differentiable with respect to the logits and, as in the library, the labels. */
function crossEntropies(labels: tf.Tensor, logits: tf.Tensor): tf.Tensor {
  return differentiable(
    [labels, logits],
    (inputs) => {
      const [value, gradient] = runKernel(crossEntropyKernel.name, { labels: inputs[0], logits: inputs[1] }, {
        divisor: 1,
      } satisfies CrossEntropyAttributes);
      return { value, saved: [gradient] };
    },
    (dy, [gradient]) => {
      const dlogits = dy.expandDims(-1).mul(gradient);
      return [dlogits.neg(), dlogits];
    },
  );
}
