import { elementWise } from './element-wise.js';

export const add = elementWise('add');
