import { passThrough } from './pass-through.js';

export const flatten = passThrough('flatten');
