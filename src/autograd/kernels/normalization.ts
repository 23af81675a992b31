import { elementCount } from '../../qfx/number/shape.js';
import { differentiable, runKernel, tf } from '../tensorflow.js';
import type { HeapKernel } from '../tensorflow-heap.js';
import type { PlainKernel } from '../tensorflow-kernels.js';
import type { Assembly } from './assembly.js';
import { castGradientValues, castValues, thetaGradients, thetaInputs } from './cast.js';
import type { CastAttributes, CastPart } from './cast.js';
import { periodOf } from './cast-table.js';
import {
  channelAffineGradientKernel,
  channelAffineKernel,
  channelMomentsKernel,
  channelSumsKernel,
} from './channels.js';
import type { AffineAttributes } from './channels.js';

/**
 * Batch normalisation in training: y = cast(a * x + b) with a = cast(gamma / sqrt(variance + epsilon)) and
 * b = cast(beta - mean * a), and all of its gradients. Passes over the data are those of channels.ts; what happens to the few
 * numbers of a channel in between is one small kernel each way.
 */

interface NormalizationAttributes {
  readonly epsilon: number;
  /** Casts of a and b; absent: none. */
  readonly scale?: CastAttributes;
  readonly offset?: CastAttributes;
}

/** `QfxNormalization`: moments [2, C] (mean, variance), gamma [C], beta [C] -> affine [2, C], a and b. */
const normalizationKernel: PlainKernel<NormalizationAttributes> = {
  name: 'QfxNormalization',
  inputs: ['moments', 'gamma', 'beta'],
  outputShapes: ([moments]) => [moments],
  compute: ([moments, gamma, beta], [affine], _shapes, attributes) => {
    const { scale, offset } = coefficients(moments, gamma, beta, attributes);
    affine.set(scale.cast);
    affine.set(offset.cast, gamma.length);
  },
};

/**
 * `QfxNormalizationGrad`: moments, gamma, beta, daffine [2, C] -> dgamma, dbeta [C], dmoments [2, C], and the gradients of the
 * binary points of a and of b: from all of their values, then from those inside of the range.
 */
const normalizationGradientKernel: PlainKernel<NormalizationAttributes> = {
  name: 'QfxNormalizationGrad',
  inputs: ['moments', 'gamma', 'beta', 'daffine'],
  outputShapes: ([moments, gamma], { scale, offset }) => {
    const points = [[scale?.binaryPoints.length ?? 1], [offset?.binaryPoints.length ?? 1]];
    return [gamma, gamma, moments, ...points, ...points];
  },
  compute: (
    [moments, gamma, beta, daffine],
    [dgamma, dbeta, dmoments, scaleAll, offsetAll, scaleInside, offsetInside],
    _shapes,
    attributes,
  ) => {
    const channels = gamma.length;
    const { scale, offset } = coefficients(moments, gamma, beta, attributes);
    const backward = (
      values: Float32Array,
      dy: Float32Array,
      [all, inside]: readonly Float32Array[],
      cast: CastAttributes | undefined,
    ) => {
      if (cast === undefined) return dy;
      const dx = new Float32Array(channels);
      castGradientValues(values, dy, dx, all, cast);
      // dx is dy inside of the range and 0 outside.
      castGradientValues(values, dx, new Float32Array(channels), inside, cast);
      return dx;
    };
    dbeta.set(backward(offset.exact, daffine.subarray(channels), [offsetAll, offsetInside], attributes.offset));
    const dscale = Float32Array.from(dbeta, (slope, channel) => daffine[channel] - moments[channel] * slope);
    const dexact = backward(scale.exact, dscale, [scaleAll, scaleInside], attributes.scale);
    for (let channel = 0; channel < channels; channel++) {
      const variance = moments[channels + channel] + attributes.epsilon;
      dgamma[channel] = dexact[channel] / Math.sqrt(variance);
      dmoments[channel] = -scale.cast[channel] * dbeta[channel];
      dmoments[channels + channel] = (-0.5 * dexact[channel] * gamma[channel]) / (variance * Math.sqrt(variance));
    }
  },
};

/**
 * `QfxNormalizationInputGrad`: x, g [..., C], affine, moments, dmoments [2, C] -> dx, what reaches x through the affine function
 * (affine[0] * g) and through the moments of x.
 */
export const normalizationInputGradientKernel: PlainKernel<object> = {
  name: 'QfxNormalizationInputGrad',
  inputs: ['x', 'g', 'affine', 'moments', 'dmoments'],
  outputShapes: ([x]) => [x],
  compute: ([x, g, affine, moments, dmoments], [dx]) => {
    const channels = affine.length / 2;
    const { slopes, offsets } = throughMoments(moments, dmoments, x.length / channels);
    for (let start = 0; start < x.length; start += channels) {
      for (let channel = 0; channel < channels; channel++) {
        const index = start + channel;
        dx[index] = affine[channel] * g[index] + slopes[channel] * x[index] + offsets[channel];
      }
    }
  },
};

/** The same on the heap. */
export const normalizationInputGradientHeapKernel: HeapKernel<object, Assembly> = {
  ...normalizationInputGradientKernel,
  compute: ({ functions, inputs, outputs: [dx], inputShapes, scratch, read, write }) => {
    const [x, g, affine, moments, dmoments] = inputs;
    const count = elementCount(inputShapes[0]);
    const channels = inputShapes[2][1];
    const period = periodOf(channels);
    const work = scratch(6 * period + 2 * channels);
    const [given, slopesOf] = [read(moments, 2 * channels), read(dmoments, 2 * channels)];
    const { slopes, offsets } = throughMoments(given, slopesOf, count / channels);
    const [slope, offset, free] = [0, 1, 2].map((part) => work + part * channels * Float32Array.BYTES_PER_ELEMENT);
    write(slope, slopes);
    write(offset, offsets);
    functions.normalizationGradient(x, g, affine, slope, offset, dx, count, period, channels, free);
  },
};

/** `QfxMovingMoments`: mean, variance [C], moments [2, C] -> both moved by the part 1 - momentum towards the moments. */
const movingMomentsKernel: PlainKernel<{ readonly momentum: number }> = {
  name: 'QfxMovingMoments',
  inputs: ['mean', 'variance', 'moments'],
  outputShapes: ([mean, variance]) => [mean, variance],
  compute: ([mean, variance, moments], [newMean, newVariance], _shapes, { momentum }) => {
    const channels = mean.length;
    for (let channel = 0; channel < channels; channel++) {
      newMean[channel] = mean[channel] - (mean[channel] - moments[channel]) * (1 - momentum);
      const old = variance[channel];
      newVariance[channel] = old - (old - moments[channels + channel]) * (1 - momentum);
    }
  },
};

/** All of these kernels. */
export const normalizationKernels = [
  normalizationKernel,
  normalizationGradientKernel,
  normalizationInputGradientKernel,
  movingMomentsKernel,
] as readonly PlainKernel<object>[];

interface Coefficient {
  readonly exact: Float32Array;
  readonly cast: Float32Array;
}

/** Each step rounded to float32, as the tensor library's operations are, so that inference finds the same a and b. */
function coefficients(
  moments: Float32Array,
  gamma: Float32Array,
  beta: Float32Array,
  { epsilon, scale, offset }: NormalizationAttributes,
): { scale: Coefficient; offset: Coefficient } {
  const channels = gamma.length;
  const castOf = (exact: Float32Array, attributes: CastAttributes | undefined): Coefficient => {
    if (attributes === undefined) return { exact, cast: exact };
    const cast = new Float32Array(channels);
    castValues(exact, cast, attributes);
    return { exact, cast };
  };
  const a = castOf(
    gamma.map((value, channel) => {
      const variance = Math.fround(moments[channels + channel] + Math.fround(epsilon));
      return value / Math.fround(Math.sqrt(variance));
    }),
    scale,
  );
  const b = castOf(
    beta.map((value, channel) => value - Math.fround(moments[channel] * a.cast[channel])),
    offset,
  );
  return { scale: a, offset: b };
}

/** The gradient of mean and variance is an affine function of x. */
function throughMoments(moments: Float32Array, dmoments: Float32Array, rows: number) {
  const channels = moments.length / 2;
  const slopes = new Float64Array(channels);
  const offsets = new Float64Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    slopes[channel] = (2 * dmoments[channels + channel]) / rows;
    offsets[channel] = dmoments[channel] / rows - slopes[channel] * moments[channel];
  }
  return { slopes, offsets };
}

/** Mean and variance (divided by the count) of each channel: x [..., C] -> [2, C]. Not on the gradient tape. */
export function channelMoments(x: tf.Tensor): tf.Tensor {
  return runKernel(channelMomentsKernel.name, { x }, {})[0];
}

/** The casts of `normalize`; absent: none. */
interface NormalizationCasts {
  readonly scale?: CastPart;
  readonly offset?: CastPart;
  readonly output?: CastPart;
}

/**
 * Batch normalisation, differentiable in x, gamma, beta and what the formats of its casts are learned by (of the output's, the binary point).
 * @param x [..., C]
 * @param moments [2, C], mean and variance
 * @param isOfBatch whether the moments are those of x, so that a gradient reaches x through them, too
 */
export function normalize(
  { x, gamma, beta, moments }: Readonly<Record<'x' | 'gamma' | 'beta' | 'moments', tf.Tensor>>,
  { epsilon, isOfBatch, casts }: { epsilon: number; isOfBatch: boolean; casts: NormalizationCasts },
): tf.Tensor {
  const { scale, offset, output } = casts;
  const attributes = { epsilon, scale: scale?.attributes, offset: offset?.attributes };
  const result: AffineAttributes = { cast: output?.attributes };
  const run = (name: string, inputs: Record<string, tf.Tensor>, given: object = result) =>
    runKernel(name, inputs, given);
  return differentiable(
    [x, gamma, beta, ...thetaInputs(scale), ...thetaInputs(offset), ...thetaInputs(output)],
    ([input, factor, summand]) => {
      const [affine] = run(normalizationKernel.name, { moments, gamma: factor, beta: summand }, attributes);
      const [value] = run(channelAffineKernel.name, { x: input, affine });
      return { value, saved: [input, factor, summand, moments, affine] };
    },
    (dy, [input, factor, summand, statistics, affine]) => {
      const data = { x: input, dy, affine };
      const [g, daffine, doutput] =
        output === undefined ? [dy, ...run(channelSumsKernel.name, data)] : run(channelAffineGradientKernel.name, data);
      const few = { moments: statistics, gamma: factor, beta: summand, daffine };
      const [dgamma, dbeta, throughMoments, scaleAll, offsetAll, scaleInside, offsetInside] = run(
        normalizationGradientKernel.name,
        few,
        attributes,
      );
      const dmoments = isOfBatch ? throughMoments : tf.zerosLike(throughMoments);
      const all = { x: input, g, affine, moments: statistics, dmoments };
      const [dx] = run(normalizationInputGradientKernel.name, all);
      return [
        dx,
        dgamma,
        dbeta,
        ...thetaGradients(scale, scaleAll, () => scaleInside),
        ...thetaGradients(offset, offsetAll, () => offsetInside),
        ...[doutput].slice(0, thetaInputs(output).length),
      ];
    },
  );
}

/** Moving moments after a batch with these moments. */
export function moveMoments(mean: tf.Tensor, variance: tf.Tensor, moments: tf.Tensor, momentum: number): tf.Tensor[] {
  return runKernel(movingMomentsKernel.name, { mean, variance, moments }, { momentum });
}
