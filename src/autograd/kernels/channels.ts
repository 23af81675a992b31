import { elementCount } from '../../qfx/number/shape.js';
import { differentiable, runKernel } from '../tensorflow.js';
import type { HeapCall, HeapKernel } from '../tensorflow-heap.js';
import type { PlainKernel } from '../tensorflow-kernels.js';
import type { tf } from '../tensorflow.js';
import type { Assembly } from './assembly.js';
import { castGradients, castGradientValues, castKernel, castValues, positionFactor, thetaInputs } from './cast.js';
import type { CastAttributes, CastPart } from './cast.js';
import { castTable, hasExactLanes, periodOf, trainedAttributes } from './cast-table.js';
import { bytesPerNumber } from './windows.js';

/**
 * Statistics of each channel (the last axis), and an affine function of it with the cast of its result. Each is one pass over
 * the data; sums are doubles, the function itself is computed in float32.
 */

export interface AffineAttributes {
  /** The cast of the result, with one binary point and no ReLU; absent: none. */
  readonly cast?: CastAttributes;
}

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

/** `QfxChannelAffine`: x [..., C], affine [2, C] -> cast(affine[0] * x + affine[1]). */
export const channelAffineKernel: PlainKernel<AffineAttributes> = {
  name: 'QfxChannelAffine',
  inputs: ['x', 'affine'],
  outputShapes: ([x]) => [x],
  compute: ([x, affine], [y], _shapes, { cast }) => {
    const channels = affine.length / 2;
    affineValues(x, affine.subarray(0, channels), affine.subarray(channels), y);
    if (cast !== undefined) castValues(y, y, cast);
  },
};

/**
 * `QfxChannelAffineGrad`: x, dy [..., C], affine [2, C] -> g [..., C], daffine [2, C], dp [1]. g = dy where the cast passes it
 * and 0 elsewhere; daffine[0] sums g * x, daffine[1] sums g; dp as in `QfxCastGrad`. The gradient of x is affine[0] * g.
 */
export const channelAffineGradientKernel: PlainKernel<AffineAttributes> = {
  name: 'QfxChannelAffineGrad',
  inputs: ['x', 'dy', 'affine'],
  outputShapes: ([x, , affine]) => [x, affine, [1]],
  compute: ([x, dy, affine], [g, daffine, dp], _shapes, { cast }) => {
    const channels = affine.length / 2;
    passGradient(x, dy, affine.subarray(0, channels), affine.subarray(channels), g, dp, cast);
    sumGradient(x, g, daffine);
  },
};

/** `QfxChannelSums`: x, dy [..., C], affine [2, C] -> daffine [2, C] where there is no cast: g is dy. */
export const channelSumsKernel: PlainKernel<AffineAttributes> = {
  name: 'QfxChannelSums',
  inputs: ['x', 'dy', 'affine'],
  outputShapes: ([, , affine]) => [affine],
  compute: ([x, dy], [daffine]) => sumGradient(x, dy, daffine),
};

/** `QfxChannelBias`: x [..., C], bias [C] -> cast(x + bias). */
export const channelBiasKernel: PlainKernel<AffineAttributes> = {
  name: 'QfxChannelBias',
  inputs: ['x', 'bias'],
  outputShapes: ([x]) => [x],
  compute: ([x, bias], [y], _shapes, { cast }) => {
    affineValues(x, onesLike(bias), bias, y);
    if (cast !== undefined) castValues(y, y, cast);
  },
};

/** `QfxChannelBiasGrad`: x, dy [..., C], bias [C] -> dx [..., C], dbias [C], dp [1]. */
export const channelBiasGradientKernel: PlainKernel<AffineAttributes> = {
  name: 'QfxChannelBiasGrad',
  inputs: ['x', 'dy', 'bias'],
  outputShapes: ([x, , bias]) => [x, bias, [1]],
  compute: ([x, dy, bias], [dx, dbias, dp], _shapes, { cast }) => {
    passGradient(x, dy, onesLike(bias), bias, dx, dp, cast);
    const sums = new Float32Array(2 * bias.length);
    sumGradient(x, dx, sums);
    dbias.set(sums.subarray(bias.length));
  },
};

/** All of these kernels. */
export const channelKernels: readonly PlainKernel<AffineAttributes>[] = [
  channelMomentsKernel,
  channelAffineKernel,
  channelAffineGradientKernel,
  channelSumsKernel,
  channelBiasKernel,
  channelBiasGradientKernel,
];

/** False for a cast that float32 lanes do not compute exactly. */
function handlesCast({ cast }: AffineAttributes): boolean {
  return cast === undefined || (cast.relu === undefined && hasExactLanes(cast));
}

/** False for a cast whose gradient float32 lanes do not compute exactly. */
function handlesTrainedCast({ cast }: AffineAttributes): boolean {
  return cast === undefined || handlesCast({ cast: trainedAttributes(cast) });
}

/**
 * Writes the table of a cast, or none, for a call that needs room for so many float32 beside it.
 * @returns addresses of the table (0: no cast) and of the room
 */
function placeCast<Functions>(
  { scratch, write }: HeapCall<AffineAttributes, Functions>,
  cast: CastAttributes | undefined,
  room: number,
): { readonly table: number; readonly work: number } {
  if (cast === undefined) return { table: 0, work: scratch(room) };
  const { values, addresses } = castTable(cast);
  const table = scratch(values.length + room);
  write(table, values);
  return { table, work: addresses(table).free };
}

/** The same on the heap. */
export const channelHeapKernels: readonly HeapKernel<AffineAttributes, Assembly>[] = [
  {
    ...channelMomentsKernel,
    compute: ({ functions, inputs: [x], outputs: [moments], inputShapes: [shape], scratch }) => {
      const channels = lastOf(shape);
      const period = periodOf(channels);
      functions.channelMoments(x, moments, elementCount(shape), period, channels, scratch(5 * period));
    },
  },
  {
    ...channelAffineKernel,
    serves: (_shapes, attributes) => handlesCast(attributes),
    compute: (call) => {
      const affine = call.inputs[1];
      runAffine(call, affine, affine + lastOf(call.inputShapes[1]) * bytesPerNumber);
    },
  },
  {
    ...channelBiasKernel,
    serves: (_shapes, attributes) => handlesCast(attributes),
    compute: (call) => runAffine(call, 0, call.inputs[1]),
  },
  {
    ...channelAffineGradientKernel,
    serves: (_shapes, attributes) => handlesTrainedCast(attributes),
    compute: (call) => {
      const [g, daffine, dp] = call.outputs;
      const offset = lastOf(call.inputShapes[2]) * bytesPerNumber;
      const affine = call.inputs[2];
      runGradient(call, affine, affine + offset, [g, daffine, daffine + offset, dp]);
    },
  },
  {
    ...channelSumsKernel,
    compute: (call) => {
      const [daffine] = call.outputs;
      const offset = lastOf(call.inputShapes[2]) * bytesPerNumber;
      const affine = call.inputs[2];
      const outputs = [0, daffine, daffine + offset, call.scratch(1)];
      runGradient({ ...call, attributes: {} }, affine, affine + offset, outputs);
    },
  },
  {
    ...channelBiasGradientKernel,
    serves: (_shapes, attributes) => handlesTrainedCast(attributes),
    compute: (call) => {
      const [dx, dbias, dp] = call.outputs;
      runGradient(call, 0, call.inputs[2], [dx, 0, dbias, dp]);
    },
  },
];

/** Channels are counted by the coefficients, which may also repeat along more than the last axis of x. */
function runAffine(call: HeapCall<AffineAttributes, Assembly>, a: number, b: number): void {
  const [shape, coefficients] = call.inputShapes;
  const channels = lastOf(coefficients);
  const period = periodOf(channels);
  const { table, work } = placeCast(call, call.attributes.cast, 3 * period);
  call.functions.channelAffine(
    call.inputs[0],
    a,
    b,
    call.outputs[0],
    elementCount(shape),
    period,
    channels,
    table,
    work,
  );
}

function runGradient(
  call: HeapCall<AffineAttributes, Assembly>,
  a: number,
  b: number,
  [g, da, db, dp]: readonly number[],
): void {
  const [x, dy] = call.inputs;
  const [shape, , coefficients] = call.inputShapes;
  const channels = lastOf(coefficients);
  const period = periodOf(channels);
  const { cast } = call.attributes;
  const { table, work } = placeCast(call, cast && trainedAttributes(cast), 10 * period);
  const factor = cast === undefined ? 0 : positionFactor(cast);
  const count = elementCount(shape);
  call.functions.channelAffineGradient(x, dy, a, b, g, da, db, dp, count, period, channels, table, factor, work);
}

/** y = a[c] * x + b[c], each step rounded to float32 as lanes do. */
function affineValues(x: Float32Array, a: Float32Array, b: Float32Array, y: Float32Array): void {
  const channels = a.length;
  for (let start = 0; start < x.length; start += channels)
    for (let channel = 0; channel < channels; channel++)
      y[start + channel] = Math.fround(a[channel] * x[start + channel]) + b[channel];
}

/** dx = dy where the cast of a * x + b passes a gradient, and 0 elsewhere. */
function passGradient(
  x: Float32Array,
  dy: Float32Array,
  a: Float32Array,
  b: Float32Array,
  dx: Float32Array,
  dp: Float32Array,
  cast: CastAttributes | undefined,
): void {
  if (cast === undefined) {
    dx.set(dy);
    dp.fill(0);
    return;
  }
  const values = new Float32Array(x.length);
  affineValues(x, a, b, values);
  castGradientValues(values, dy, dx, dp, cast);
}

/** sums [2, C]: of gradient * x and of the gradient. */
function sumGradient(x: Float32Array, gradient: Float32Array, sums: Float32Array): void {
  const channels = sums.length / 2;
  const doubles = new Float64Array(2 * channels);
  for (let start = 0; start < x.length; start += channels) {
    for (let channel = 0; channel < channels; channel++) {
      doubles[channel] += gradient[start + channel] * x[start + channel];
      doubles[channels + channel] += gradient[start + channel];
    }
  }
  sums.set(doubles);
}

function onesLike(values: Float32Array): Float32Array {
  return new Float32Array(values.length).fill(1);
}

function lastOf(shape: readonly number[]): number {
  return shape[shape.length - 1];
}

/** The casts that belong to the addition of a bias. */
interface BiasCasts {
  readonly bias?: CastPart;
  readonly output?: CastPart;
}

/**
 * cast(x + bias) for each channel, differentiable: x [..., C], bias [C]. The bias' own cast is a part of the operation, too:
 * on a gradient tape each operation costs more than the cast of a few numbers.
 */
export function addBias(x: tf.Tensor, bias: tf.Tensor, casts: BiasCasts): tf.Tensor {
  const attributes: AffineAttributes = { cast: casts.output?.attributes };
  const biasAttributes = casts.bias?.attributes;
  const outputThetas = thetaInputs(casts.output);
  const castBias = (values: tf.Tensor) =>
    biasAttributes === undefined ? values : runKernel(castKernel.name, { x: values }, biasAttributes)[0];
  return differentiable(
    [x, bias, ...thetaInputs(casts.bias), ...outputThetas],
    ([input, offset]) => ({
      value: runKernel(channelBiasKernel.name, { x: input, bias: castBias(offset) }, attributes)[0],
      saved: [input, offset],
    }),
    (dy, [input, offset]) => {
      const inputs = { x: input, dy, bias: castBias(offset) };
      const [dx, dbias, dp] = runKernel(channelBiasGradientKernel.name, inputs, attributes);
      const ofOutput = [dp].slice(0, outputThetas.length);
      const ofBias = casts.bias === undefined ? [dbias] : castGradients(offset, dbias, casts.bias);
      return [dx, ...ofBias, ...ofOutput];
    },
  );
}
