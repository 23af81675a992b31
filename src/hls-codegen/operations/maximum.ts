import { elementWise } from './element-wise.js';

export const maximum = elementWise('maximum');
