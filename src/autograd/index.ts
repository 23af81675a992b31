/** Training in fixed point: `qfx/autograd`. */
export { tf } from './tensorflow.js';
export { initializeBackend } from './backend.js';
export type { Backend, RunningBackend } from './backend.js';
export { Quantizer, withOnlyQuantizers, withoutQuantizers } from './quantizer.js';
export type { QuantizerConfig } from './quantizer.js';
export { createLayers } from './layers/index.js';
export type * from './layers/index.js';
export { FixedPointLayer } from './layers/layer.js';
export type { LayerSetup, LearnedFactor, ResolvedNode } from './layers/layer.js';
export type { ExactValue } from './layers/exact-cast.js';
export { loadModelFile, modelFiles } from './model-files.js';
export * from './freeze/index.js';
export * from './quantize/index.js';
export * from './train/index.js';
