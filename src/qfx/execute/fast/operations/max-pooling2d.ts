import { poolingWindows } from '../../../operations/pooling.js';
import type { PoolingAttributes } from '../../../operations/pooling.js';
import type { Lowered, Lowering } from '../lowering.js';
import { pool } from './pooling.js';

export function maxPooling2d(lowering: Lowering<PoolingAttributes>): Lowered | undefined {
  return pool(lowering, poolingWindows(lowering.context), { between: [] });
}
