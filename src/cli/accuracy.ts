import { runImages } from '../parallel/index.js';
import type { Network } from '../qfx/index.js';
import type { CommandContext } from './command.js';
import { classOutput, predictedClass } from './test-images.js';
import type { TestImages } from './test-images.js';

/** Fraction 0..1 of images that a network tells the class of, by the integer executor on all cores, with a progress bar. */
export async function measureAccuracy(
  network: Network,
  images: TestImages,
  { progress, signal }: Pick<CommandContext, 'progress' | 'signal'>,
  workers?: number,
): Promise<number> {
  const output = classOutput(network.graph);
  const bar = progress('integer executor', images.count);
  let correct = 0;
  for await (const part of runImages(network, images, { workers, signal })) {
    const { raw, shape } = part.outputs[output];
    const valuesPerImage = raw.length / part.images;
    for (let index = 0; index < part.images; index++) {
      const own = raw.subarray(index * valuesPerImage, (index + 1) * valuesPerImage);
      if (predictedClass({ raw: own, shape }) === images.label(part.first + index)) correct++;
    }
    const done = part.first + part.images;
    bar.update(done, `accuracy ${(correct / done).toFixed(4)}`);
  }
  return correct / images.count;
}
