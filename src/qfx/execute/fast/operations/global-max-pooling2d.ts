import { globalWindow } from '../../../operations/pooling.js';
import type { Lowered, Lowering } from '../lowering.js';
import { pool } from './pooling.js';

export function globalMaxPooling2d(lowering: Lowering): Lowered | undefined {
  return pool(lowering, globalWindow(lowering.context), { between: [] });
}
