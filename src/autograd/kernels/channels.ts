import { elementCount } from '../../qfx/number/shape.js';
import { differentiable, runKernel, tf } from '../tensorflow.js';
import type { HeapKernel, PlainKernel } from '../tensorflow.js';
import type { Assembly } from './assembly.js';

/**
 * What batch normalisation needs: statistics of each channel (the last axis) and an affine function of it.
 * Each is one pass over the data with sums in doubles, in the order of the data.
 */

/** `QfxChannelMoments`: x [..., C] -> [2, C], mean and variance (divided by the count) of each channel. */
export const channelMomentsKernel: PlainKernel<object> = {
  name: 'QfxChannelMoments',
  inputs: ['x'],
  outputShapes: ([shape]) => [[2, lastOf(shape)]],
  compute: ([x], [moments], [shape]) => {
    const channels = lastOf(shape);
    const sums = new Float64Array(channels);
    const squares = new Float64Array(channels);
    for (let start = 0; start < x.length; start += channels) {
      for (let channel = 0; channel < channels; channel++) {
        const value = x[start + channel];
        sums[channel] += value;
        squares[channel] += value * value;
      }
    }
    const rows = x.length / channels;
    for (let channel = 0; channel < channels; channel++) {
      const mean = sums[channel] / rows;
      moments[channel] = mean;
      moments[channels + channel] = Math.max(0, squares[channel] / rows - mean * mean);
    }
  },
};

/** `QfxChannelMomentsGrad`: x [..., C], moments [2, C], dy [2, C] -> dx, an affine function of x. */
export const channelMomentsGradientKernel: PlainKernel<object> = {
  name: 'QfxChannelMomentsGrad',
  inputs: ['x', 'moments', 'dy'],
  outputShapes: ([x]) => [x],
  compute: ([x, moments, dy], [dx], [shape]) => {
    const channels = lastOf(shape);
    const rows = x.length / channels;
    const slopes = new Float64Array(channels);
    const offsets = new Float64Array(channels);
    for (let channel = 0; channel < channels; channel++) {
      slopes[channel] = (2 * dy[channels + channel]) / rows;
      offsets[channel] = dy[channel] / rows - slopes[channel] * moments[channel];
    }
    affineValues(x, slopes, offsets, dx);
  },
};

/** `QfxChannelAffine`: x [..., C], a [C], b [C] -> a * x + b, computed in doubles and rounded once to float32. */
export const channelAffineKernel: PlainKernel<object> = {
  name: 'QfxChannelAffine',
  inputs: ['x', 'a', 'b'],
  outputShapes: ([x]) => [x],
  compute: ([x, a, b], [y]) => affineValues(x, a, b, y),
};

/** The same on the heap. */
export const channelAffineHeapKernel: HeapKernel<object, Assembly> = {
  ...channelAffineKernel,
  compute: ({ functions, inputs: [x, a, b], outputs: [y], inputShapes: [xShape, [channels]] }) =>
    functions.channelAffine(x, a, b, y, elementCount(xShape) / channels, channels),
};

/** `QfxChannelAffineGrad`: x, dy [..., C], a [C] -> dx = a * dy, da = sum of dy * x, db = sum of dy. */
export const channelAffineGradientKernel: PlainKernel<object> = {
  name: 'QfxChannelAffineGrad',
  inputs: ['x', 'dy', 'a'],
  outputShapes: ([x, , a]) => [x, a, a],
  compute: ([x, dy, a], [dx, da, db]) => {
    const channels = a.length;
    const products = new Float64Array(channels);
    const sums = new Float64Array(channels);
    for (let start = 0; start < x.length; start += channels) {
      for (let channel = 0; channel < channels; channel++) {
        const gradient = dy[start + channel];
        dx[start + channel] = a[channel] * gradient;
        products[channel] += gradient * x[start + channel];
        sums[channel] += gradient;
      }
    }
    da.set(products);
    db.set(sums);
  },
};

type Numbers = Float32Array | Float64Array;

function affineValues(x: Float32Array, a: Numbers, b: Numbers, y: Float32Array): void {
  const channels = a.length;
  for (let start = 0; start < x.length; start += channels) {
    for (let channel = 0; channel < channels; channel++) {
      y[start + channel] = a[channel] * x[start + channel] + b[channel];
    }
  }
}

function lastOf(shape: readonly number[]): number {
  return shape[shape.length - 1];
}

/** Mean and variance (divided by the count) of each channel, differentiable: x [..., C] -> two tensors [C]. */
export function channelMoments(x: tf.Tensor): { mean: tf.Tensor; variance: tf.Tensor } {
  const moments = differentiable(
    [x],
    ([input]) => {
      const [value] = runKernel(channelMomentsKernel.name, { x: input }, {});
      return { value, saved: [input, value] };
    },
    (dy, [input, value]) => runKernel(channelMomentsGradientKernel.name, { x: input, moments: value, dy }, {}),
  );
  const [mean, variance] = tf.unstack(moments);
  return { mean, variance };
}

/** a * x + b for each channel, differentiable: x [..., C], a [C], b [C]. */
export function channelAffine(x: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return differentiable(
    [x, a, b],
    ([input, slope, offset]) => ({
      value: runKernel(channelAffineKernel.name, { x: input, a: slope, b: offset }, {})[0],
      saved: [input, slope],
    }),
    (dy, [input, slope]) => runKernel(channelAffineGradientKernel.name, { x: input, dy, a: slope }, {}),
  );
}
