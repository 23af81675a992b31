import { elementWise } from './element-wise.js';

export const multiply = elementWise('multiply');
