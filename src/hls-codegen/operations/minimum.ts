import { elementWise } from './element-wise.js';

export const minimum = elementWise('minimum');
