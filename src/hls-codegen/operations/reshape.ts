import { passThrough } from './pass-through.js';

export const reshape = passThrough('reshape');
