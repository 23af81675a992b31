import { elementWise } from './element-wise.js';

export const subtract = elementWise('subtract');
