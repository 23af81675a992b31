import { QfxError } from '../errors.js';
import { add } from './add.js';
import { argmax } from './argmax.js';
import { averagePooling2d } from './average-pooling2d.js';
import { batchNormalization } from './batch-normalization.js';
import { concatenate } from './concatenate.js';
import { conv2d } from './conv2d.js';
import { conv2dTranspose } from './conv2d-transpose.js';
import { dense } from './dense.js';
import { flatten } from './flatten.js';
import { globalAveragePooling2d } from './global-average-pooling2d.js';
import { globalMaxPooling2d } from './global-max-pooling2d.js';
import { input } from './input.js';
import { maxPooling2d } from './max-pooling2d.js';
import { leakyRelu } from './leaky-relu.js';
import { maximum } from './maximum.js';
import { minimum } from './minimum.js';
import { multiply } from './multiply.js';
import type { Operation, OperationName } from './operation.js';
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

/** The operations that QFX brings along. */
export const operations = {
  input,
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
} satisfies Record<OperationName, Operation>;

const known = new Map<string, Operation>(Object.values(operations).map((operation) => [operation.name, operation]));

/** Adds an operation of a user's own; from then on graphs with it are built, loaded and run like any other. */
export function registerOperation(operation: Operation): void {
  if (known.has(operation.name))
    throw new QfxError(`operation "${operation.name}"`, 'there is already one of this name');
  known.set(operation.name, operation);
}

/**
 * The operation of this name.
 * @param where what an error says first
 * @throws QfxError that lists the known ones
 */
export function findOperation(name: string, where = 'operations'): Operation {
  const operation = known.get(name);
  if (operation) return operation;
  throw new QfxError(where, `unknown operation "${name}", known: ${[...known.keys()].join(', ')}`);
}
