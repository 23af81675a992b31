import { createHash } from 'node:crypto';
import { z } from 'zod';

/** How samples that nobody has split are split. */
export const splitSchema = z.strictObject({
  /** The fraction of each class that becomes test images. */
  test: z.number().gt(0).lt(1).default(0.2),
  seed: z.int().min(0).default(1),
});
export type Split = z.output<typeof splitSchema>;

/** Which samples are for what, in the order they are used in. */
export interface SplitIndices {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/**
 * A random order of samples by their keys and a seed, whatever order they come in.
 * @param keys one a sample, all different
 */
export function shuffled(keys: readonly string[], seed: number): number[] {
  const ranks = keys.map((key) => createHash('sha256').update(`${seed}\0${key}`).digest('hex'));
  return keys.map((_, index) => index).sort((a, b) => (ranks[a] < ranks[b] ? -1 : 1));
}

/**
 * Splits samples, class by class: of each class with two samples or more at least one is for training and one for testing.
 * @param keys one a sample, all different
 * @param labels one a sample
 */
export function splitSamples(keys: readonly string[], labels: ArrayLike<number>, { test, seed }: Split): SplitIndices {
  const counts = new Map<number, number>();
  for (let index = 0; index < keys.length; index++) counts.set(labels[index], (counts.get(labels[index]) ?? 0) + 1);
  const wanted = new Map(
    [...counts].map(([label, count]) => [label, Math.min(count - 1, Math.max(1, Math.round(test * count)))]),
  );
  const parts: { train: number[]; test: number[] } = { train: [], test: [] };
  for (const index of shuffled(keys, seed)) {
    const left = wanted.get(labels[index]) ?? 0;
    wanted.set(labels[index], left - 1);
    (left > 0 ? parts.test : parts.train).push(index);
  }
  return parts;
}
