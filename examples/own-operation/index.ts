/** |x| in every room: importing this file registers the operation, its layer and its C++. */
import './emitter.js';

export { Absolute } from './layer.js';
export type { AbsoluteConfig } from './layer.js';
export { absolute } from './operation.js';
