import { runImages } from '../parallel/index.js';
import type { Network } from '../qfx/index.js';
import type { CommandContext } from './command.js';
import { classOutput, predictedClass } from './test-images.js';
import type { TestImages } from './test-images.js';

/** The classes that a network tells of images. */
export interface Classification {
  /** One an image, in their order. */
  readonly classes: Int32Array;
  /** A fraction 0..1. */
  readonly accuracy: number;
}

/**
 * Classifies images with the integer executor, on all cores, behind a progress bar.
 * @throws QfxError for a network without the one output that tells a class
 */
export async function classify(
  network: Network,
  images: TestImages,
  { title, context, workers }: { readonly title: string; readonly context: CommandContext; readonly workers?: number },
): Promise<Classification> {
  const output = classOutput(network.graph);
  const progress = context.progress(title, images.count);
  const classes = new Int32Array(images.count);
  let correct = 0;
  for await (const part of runImages(network, images, { workers, signal: context.signal })) {
    const { raw, shape } = part.outputs[output];
    const valuesPerImage = raw.length / part.images;
    for (let index = 0; index < part.images; index++) {
      const own = raw.subarray(index * valuesPerImage, (index + 1) * valuesPerImage);
      const predicted = predictedClass({ raw: own, shape });
      classes[part.first + index] = predicted;
      if (predicted === images.label(part.first + index)) correct++;
    }
    const done = part.first + part.images;
    progress.update(done, `accuracy ${(correct / done).toFixed(4)}`);
  }
  progress.stop();
  return { classes, accuracy: correct / images.count };
}
