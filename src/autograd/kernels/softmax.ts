import { compileRealCast } from '../../qfx/number/real.js';
import { differentiable, runKernel } from '../tensorflow.js';
import type { PlainKernel } from '../tensorflow-kernels.js';
import type { tf } from '../tensorflow.js';
import { cast } from './cast.js';
import type { CastAttributes, CastPart } from './cast.js';

/** Shares along the last axis by two tables (src/qfx/operations/softmax.ts), in doubles, which hold all of it exactly. */

export interface SoftmaxTables {
  /** The raw integer of the exponential of a distance from the largest value, at most 16 bits. */
  exponential(distance: number): number;
  /** Raw integers of the reciprocals, at most 16 bits; as many as a power of two. */
  readonly reciprocals: ArrayLike<number>;
  /** Their binary point. */
  readonly binaryPoint: number;
}

interface SoftmaxAttributes extends SoftmaxTables {
  /** The cast of the result; absent: the result as two parts. */
  readonly cast?: CastAttributes;
}

/** `QfxSoftmax`: x [..., C] -> the shares cast, or two tensors, each exact in float32, whose sum they are. */
export const softmaxKernel: PlainKernel<SoftmaxAttributes> = {
  name: 'QfxSoftmax',
  inputs: ['x'],
  outputShapes: ([x], { cast }) => (cast === undefined ? [x, x] : [x]),
  compute: ([x], [y, rest], [shape], { cast, ...tables }) => {
    const binaryPoint = cast?.binaryPoints[0] ?? 0;
    const round = cast && compileRealCast({ ...cast, binaryPoint });
    const step = 2 ** -binaryPoint;
    const row = new Float64Array(shape[shape.length - 1]);
    for (let start = 0; start < x.length; start += row.length) {
      computeShares(x.subarray(start, start + row.length), row, tables);
      for (let channel = 0; channel < row.length; channel++) {
        const share = row[channel];
        y[start + channel] = round === undefined ? share : round(share) * step;
        if (round === undefined) rest[start + channel] = share - y[start + channel];
      }
    }
  },
};

/** `QfxSoftmaxGrad`: x, dy [..., C] -> dx of the function itself: p (dy - sum over the row of dy p), p = exp(x) / sum of exp(x). */
export const softmaxGradientKernel: PlainKernel<object> = {
  name: 'QfxSoftmaxGrad',
  inputs: ['x', 'dy'],
  outputShapes: ([x]) => [x],
  compute: ([x, dy], [dx], [shape]) => {
    const channels = shape[shape.length - 1];
    const shares = new Float64Array(channels);
    for (let start = 0; start < x.length; start += channels) {
      const largest = largestOf(x.subarray(start, start + channels));
      let sum = 0;
      for (let channel = 0; channel < channels; channel++) {
        shares[channel] = Math.exp(x[start + channel] - largest);
        sum += shares[channel];
      }
      let mean = 0;
      for (let channel = 0; channel < channels; channel++) {
        shares[channel] /= sum;
        mean += dy[start + channel] * shares[channel];
      }
      for (let channel = 0; channel < channels; channel++) {
        dx[start + channel] = shares[channel] * (dy[start + channel] - mean);
      }
    }
  },
};

/** The nearest float32 to the shares, with the gradient of softmax; with the cast of the exact shares where there is one. */
export function softmax(x: tf.Tensor, tables: SoftmaxTables, output?: CastPart): tf.Tensor {
  const shares = differentiable(
    [x],
    ([input]) => ({ value: runKernel(softmaxKernel.name, { x: input }, tables)[0], saved: [input] }),
    (dy, [input]) => runKernel(softmaxGradientKernel.name, { x: input, dy }, {}),
  );
  if (output === undefined) return shares;
  const attributes = { ...tables, cast: output.attributes };
  return cast(shares, output, () => runKernel(softmaxKernel.name, { x }, attributes)[0]);
}

function computeShares(x: Float32Array, shares: Float64Array, tables: SoftmaxTables): void {
  const { reciprocals, binaryPoint } = tables;
  const largest = largestOf(x);
  let sum = 0;
  for (let channel = 0; channel < x.length; channel++) {
    shares[channel] = tables.exponential(largest - x[channel]);
    sum += shares[channel];
  }
  let power = 1;
  while (2 * power <= sum) power *= 2;
  const reciprocal = reciprocals[Math.floor((sum / power - 1) * reciprocals.length)];
  const factor = (reciprocal * 2 ** -binaryPoint) / power;
  for (let channel = 0; channel < x.length; channel++) shares[channel] *= factor;
}

function largestOf(x: Float32Array): number {
  return x.reduce((most, value) => Math.max(most, value), -Infinity);
}
