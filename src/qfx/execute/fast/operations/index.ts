import type { OperationName } from '../../../operations/operation.js';
import type { Lower } from '../lowering.js';
import { add } from './add.js';
import { argmax } from './argmax.js';
import { averagePooling2d } from './average-pooling2d.js';
import { batchNormalization } from './batch-normalization.js';
import { concatenate } from './concatenate.js';
import { conv2d } from './conv2d.js';
import { conv2dTranspose } from './conv2d-transpose.js';
import { dense } from './dense.js';
import { globalAveragePooling2d } from './global-average-pooling2d.js';
import { globalMaxPooling2d } from './global-max-pooling2d.js';
import { leakyRelu } from './leaky-relu.js';
import { maxPooling2d } from './max-pooling2d.js';
import { passThrough } from './pass-through.js';
import { prelu } from './prelu.js';
import { relu } from './relu.js';
import { twoOperands } from './two-operands.js';
import { upSampling2d } from './up-sampling2d.js';
import { zeroPadding2d } from './zero-padding2d.js';

/** Faster ways to compute than the reference, by operation. An operation of a user's own has none. */
const lowerings = {
  dense,
  conv2d,
  add,
  'batch-normalization': batchNormalization,
  relu,
  'max-pooling2d': maxPooling2d,
  'average-pooling2d': averagePooling2d,
  'global-average-pooling2d': globalAveragePooling2d,
  'global-max-pooling2d': globalMaxPooling2d,
  flatten: passThrough,
  reshape: passThrough,
  concatenate,
  requantize: passThrough,
  argmax,
  subtract: twoOperands('subtract'),
  multiply: twoOperands('multiply'),
  maximum: twoOperands('maximum'),
  minimum: twoOperands('minimum'),
  prelu,
  'leaky-relu': leakyRelu,
  'zero-padding2d': zeroPadding2d,
  'up-sampling2d': upSampling2d,
  table: undefined,
  softmax: undefined,
  sign: undefined,
  'conv2d-transpose': conv2dTranspose,
} satisfies Record<Exclude<OperationName, 'input'>, Lower<never> | undefined>;

const known = new Map<string, Lower<never> | undefined>(Object.entries(lowerings));

/** The way of an operation, if it has one. */
export function findLowering(operation: string): Lower | undefined {
  return known.get(operation) as Lower | undefined;
}
