import type { NativeKernel, OperationRunner } from '../../tensorflow-node.js';
import { hasExactLanes, trainedAttributes } from '../cast-table.js';
import {
  channelAffineGradientKernel,
  channelAffineKernel,
  channelBiasGradientKernel,
  channelBiasKernel,
  channelMomentsKernel,
  channelSumsKernel,
} from '../channels.js';
import type { AffineAttributes } from '../channels.js';
import { normalizationInputGradientKernel } from '../normalization.js';
import { castNumbers } from './cast.js';

/** The kernels of channels.ts, and the large one of normalization.ts, as operations of QFX's own (native/channels.cc). */

export const nativeChannelMomentsKernel: NativeKernel<object> = {
  name: channelMomentsKernel.name,
  compute: ({ x }, _attributes, operations) => operations.run('QfxChannelMoments', [x], {}),
};

export const nativeChannelAffineKernel: NativeKernel<AffineAttributes> = {
  name: channelAffineKernel.name,
  handles: ({ cast }) => cast === undefined || hasExactLanes(cast),
  compute: ({ x, affine }, attributes, operations) =>
    operations.run('QfxChannelAffine', [x, affine, castInput(attributes, operations)], {}),
};

export const nativeChannelAffineGradientKernel: NativeKernel<AffineAttributes> = {
  name: channelAffineGradientKernel.name,
  handles: handlesTrained,
  compute: ({ x, dy, affine }, attributes, operations) =>
    operations.runAll('QfxChannelAffineGrad', [x, dy, affine, trainedInput(attributes, operations)], {}, 3),
};

export const nativeChannelBiasKernel: NativeKernel<AffineAttributes> = {
  name: channelBiasKernel.name,
  handles: ({ cast }) => cast === undefined || hasExactLanes(cast),
  compute: ({ x, bias }, attributes, operations) =>
    operations.run('QfxChannelBias', [x, bias, castInput(attributes, operations)], {}),
};

export const nativeChannelBiasGradientKernel: NativeKernel<AffineAttributes> = {
  name: channelBiasGradientKernel.name,
  handles: handlesTrained,
  compute: ({ x, dy, bias }, attributes, operations) =>
    operations.runAll('QfxChannelBiasGrad', [x, dy, bias, trainedInput(attributes, operations)], {}, 3),
};

export const nativeChannelSumsKernel: NativeKernel<object> = {
  name: channelSumsKernel.name,
  compute: ({ x, dy }, _attributes, operations) => operations.run('QfxChannelSums', [x, dy], {}),
};

export const nativeNormalizationInputGradientKernel: NativeKernel<object> = {
  name: normalizationInputGradientKernel.name,
  compute: ({ x, g, affine, moments, dmoments }, _attributes, operations) =>
    operations.run('QfxNormalizationInputGrad', [x, g, affine, moments, dmoments], {}),
};

function handlesTrained({ cast }: AffineAttributes): boolean {
  return cast === undefined || hasExactLanes(trainedAttributes(cast));
}

/** The cast of the result as native/rounding.h reads it: an empty tensor for none. */
function castInput({ cast }: AffineAttributes, operations: OperationRunner) {
  return operations.numbers(cast === undefined ? [] : castNumbers(cast));
}

function trainedInput({ cast }: AffineAttributes, operations: OperationRunner) {
  return castInput({ cast: cast && trainedAttributes(cast) }, operations);
}
