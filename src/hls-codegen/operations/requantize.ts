import { passThrough } from './pass-through.js';

export const requantize = passThrough('requantize');
