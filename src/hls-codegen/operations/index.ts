import { QfxError } from '../../qfx/errors.js';
import type { OperationName } from '../../qfx/operations/operation.js';
import { add } from './add.js';
import { argmax } from './argmax.js';
import { averagePooling2d } from './average-pooling2d.js';
import { batchNormalization } from './batch-normalization.js';
import { concatenate } from './concatenate.js';
import { conv2d } from './conv2d.js';
import { conv2dTranspose } from './conv2d-transpose.js';
import { dense } from './dense.js';
import type { Emitter } from './emitter.js';
import { flatten } from './flatten.js';
import { globalAveragePooling2d } from './global-average-pooling2d.js';
import { globalMaxPooling2d } from './global-max-pooling2d.js';
import { leakyRelu } from './leaky-relu.js';
import { maxPooling2d } from './max-pooling2d.js';
import { maximum } from './maximum.js';
import { minimum } from './minimum.js';
import { multiply } from './multiply.js';
import { prelu } from './prelu.js';
import { relu } from './relu.js';
import { requantize } from './requantize.js';
import { reshape } from './reshape.js';
import { subtract } from './subtract.js';
import { upSampling2d } from './up-sampling2d.js';
import { zeroPadding2d } from './zero-padding2d.js';
import { sign } from './sign.js';
import { softmax } from './softmax.js';
import { table } from './table.js';

/** The emitters that QFX brings along. An input has none: it is the AXI4-Stream of the top function. */
export const emitters = {
  dense,
  conv2d,
  add,
  'batch-normalization': batchNormalization,
  relu,
  'max-pooling2d': maxPooling2d,
  'average-pooling2d': averagePooling2d,
  'global-average-pooling2d': globalAveragePooling2d,
  'global-max-pooling2d': globalMaxPooling2d,
  flatten,
  reshape,
  concatenate,
  requantize,
  argmax,
  subtract,
  multiply,
  maximum,
  minimum,
  prelu,
  'leaky-relu': leakyRelu,
  'zero-padding2d': zeroPadding2d,
  'up-sampling2d': upSampling2d,
  table,
  softmax,
  sign,
  'conv2d-transpose': conv2dTranspose,
} satisfies Record<Exclude<OperationName, 'input'>, Emitter>;

const known = new Map<string, Emitter>(Object.values(emitters).map((emitter) => [emitter.name, emitter]));

/** Adds the emitter of an operation of a user's own (see `registerOperation`). */
export function registerEmitter(emitter: Emitter): void {
  if (known.has(emitter.name)) throw new QfxError(`emitter "${emitter.name}"`, 'there is already one of this name');
  known.set(emitter.name, emitter);
}

/**
 * The emitter of an operation.
 * @param where what an error says first
 * @throws QfxError that lists the known ones
 */
export function findEmitter(operation: string, where: string): Emitter {
  const emitter = known.get(operation);
  if (emitter) return emitter;
  throw new QfxError(where, `no HLS export for operation "${operation}", known: ${[...known.keys()].join(', ')}`);
}
