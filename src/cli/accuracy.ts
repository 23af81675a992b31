import type { Network } from '../qfx/index.js';
import { classify } from './classify.js';
import type { CommandContext } from './command.js';
import type { TestImages } from './test-images.js';

/** Fraction 0..1 of images that a network tells the class of, by the integer executor on all cores, with a progress bar. */
export async function measureAccuracy(
  network: Network,
  images: TestImages,
  { progress, signal }: Pick<CommandContext, 'progress' | 'signal'>,
  workers?: number,
): Promise<number> {
  const bar = progress('integer executor', images.count);
  const { accuracy } = await classify(network, images, {
    workers,
    signal,
    onProgress: (done, accuracySoFar) => bar.update(done, `accuracy ${accuracySoFar.toFixed(4)}`),
  });
  return accuracy;
}
