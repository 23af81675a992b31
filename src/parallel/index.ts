/** A frozen network on all cores. */
export { runImages } from './run-images.js';
export type { ImagesResult, ImageSource, RunImagesOptions } from './run-images.js';
