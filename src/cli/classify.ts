import { runImages } from '../parallel/index.js';
import type { Network } from '../qfx/index.js';
import { classOutput, predictedClass } from './test-images.js';
import type { TestImages } from './test-images.js';

/** The classes that a network tells of images. */
export interface Classification {
  /** One an image, in their order. */
  readonly classes: Int32Array;
  /** A fraction 0..1. */
  readonly accuracy: number;
}

interface ClassifyOptions {
  readonly workers?: number;
  readonly signal: AbortSignal;
  /** Gets the images done so far, and the accuracy on them. */
  readonly onProgress?: (done: number, accuracy: number) => void;
}

/**
 * Classifies images with the integer executor, on all cores.
 * @throws QfxError for a network without the one output that tells a class
 */
export async function classify(
  network: Network,
  images: TestImages,
  { workers, signal, onProgress }: ClassifyOptions,
): Promise<Classification> {
  const output = classOutput(network.graph);
  const classes = new Int32Array(images.count);
  let correct = 0;
  for await (const part of runImages(network, images, { workers, signal })) {
    const { raw, shape } = part.outputs[output];
    const valuesPerImage = raw.length / part.images;
    for (let index = 0; index < part.images; index++) {
      const own = raw.subarray(index * valuesPerImage, (index + 1) * valuesPerImage);
      const predicted = predictedClass({ raw: own, shape });
      classes[part.first + index] = predicted;
      if (predicted === images.label(part.first + index)) correct++;
    }
    const done = part.first + part.images;
    onProgress?.(done, correct / done);
  }
  return { classes, accuracy: correct / images.count };
}
