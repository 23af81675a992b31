import type { NativeKernel } from '../../tensorflow-node.js';
import { poolingGeometry } from '../geometry.js';
import { maxPoolGradientKernel, sumPoolGradientKernel, sumPoolKernel } from '../pooling.js';
import type { PoolingAttributes, SumPoolGradientAttributes } from '../pooling.js';
import { windowAttribute } from './window.js';

/** The poolings of pooling.ts, and the forward maximum, as operations of QFX's own (native/pooling.cc). */

export const nativeSumPoolKernel: NativeKernel<PoolingAttributes> = {
  name: sumPoolKernel.name,
  compute: ({ x }, attributes, operations) => operations.run('QfxSumPool', [x], windowOver(x.shape, attributes)),
};

export const nativeSumPoolGradientKernel: NativeKernel<SumPoolGradientAttributes> = {
  name: sumPoolGradientKernel.name,
  compute: ({ dy }, attributes, operations) =>
    operations.run('QfxSumPoolGrad', [dy], windowOver(attributes.inputShape, attributes)),
};

/** `MaxPool`: tfjs-node has it without explicit padding. */
export const nativeMaxPoolKernel: NativeKernel<PoolingAttributes> = {
  name: 'MaxPool',
  compute: ({ x }, attributes, operations) => operations.run('QfxMaxPool', [x], windowOver(x.shape, attributes)),
};

export const nativeMaxPoolGradientKernel: NativeKernel<PoolingAttributes> = {
  name: maxPoolGradientKernel.name,
  compute: ({ dy, input }, attributes, operations) =>
    operations.run('QfxMaxPoolGrad', [dy, input], windowOver(input.shape, attributes)),
};

function windowOver(shape: readonly number[], attributes: PoolingAttributes) {
  return windowAttribute(poolingGeometry(shape, attributes.filterSize, attributes));
}
