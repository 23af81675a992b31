import { globalWindow } from '../../../operations/pooling.js';
import type { Lowered, Lowering } from '../lowering.js';
import { average } from './average.js';

export function globalAveragePooling2d(lowering: Lowering): Lowered | undefined {
  const windows = globalWindow(lowering.context);
  const [height, width] = windows.geometry.input;
  return average(lowering, windows, [height * width]);
}
