import type { AveragePooling2dAttributes } from '../../../operations/average-pooling2d.js';
import { poolingWindows } from '../../../operations/pooling.js';
import type { Lowered, Lowering } from '../lowering.js';
import { average } from './average.js';

export function averagePooling2d(lowering: Lowering<AveragePooling2dAttributes>): Lowered | undefined {
  return average(lowering, poolingWindows(lowering.context), lowering.context.attributes.counts);
}
