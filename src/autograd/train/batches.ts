import { z } from 'zod';
import { inputFormat } from '../../data/data-set.js';
import type { ImagePart, ImageShape, Labels, RawIntegers } from '../../data/data-set.js';
import { permutation, randomStream } from './random.js';

/** Random changes of training images. Absent: none. */
export const augmentationSchema = z.strictObject({
  /**
   * Shifts by up to so many pixels each way; the image's mirror image comes in from outside. Zeros would do so in training only, and
   * BatchNorm's statistics would be those of images with borders: 1.4 points of ResNet-8 on CIFAR-10.
   */
  crop: z.int().min(0).default(0),
  /** Mirrors left and right, every second image. */
  flip: z.boolean().default(false),
});
type Augmentation = z.infer<typeof augmentationSchema>;

/** What the random choices of training are for; each purpose has streams of its own. */
const purpose = { order: 1, augmentation: 2, dropout: 3 } as const;

/** The order of an epoch's images: a function of seed and epoch. */
export function epochOrder(images: number, seed: number, epoch: number): Uint32Array {
  return permutation(images, randomStream(seed, purpose.order, epoch));
}

/** The seed of a dropout in one pass: a function of its own seed, step and shard. */
export function dropoutSeed(seed: number, step: number, shard: number): number {
  return randomStream(seed, purpose.dropout, step, shard).bits();
}

/** How an image is changed in an epoch. */
interface Change {
  readonly down: number;
  readonly right: number;
  readonly mirrored: boolean;
}

const unchanged: Change = { down: 0, right: 0, mirrored: false };

/** The change of an image: a function of seed, epoch and the image's index, whatever batch or shard it is in. */
function changeOf(augmentation: Augmentation, seed: number, epoch: number, image: number): Change {
  const random = randomStream(seed, purpose.augmentation, epoch, image);
  const { crop, flip } = augmentation;
  const down = random.below(2 * crop + 1) - crop;
  const right = random.below(2 * crop + 1) - crop;
  return { down, right, mirrored: flip && random.below(2) === 1 };
}

/** Where a position outside of 0 .. size - 1 lies in its mirror image, edges repeated: -1 is 0, `size` is `size` - 1. */
function mirrored(position: number, size: number): number {
  const folded = ((position % (2 * size)) + 2 * size) % (2 * size);
  return folded < size ? folded : 2 * size - 1 - folded;
}

/** Writes one image (raw integers * `scale`), those from `start` on, into `target` from `offset` on. */
function writeImage(
  target: Float32Array,
  offset: number,
  raw: RawIntegers,
  start: number,
  scale: number,
  shape: ImageShape,
  change: Change,
): void {
  const [height, width, channels] = shape;
  if (change === unchanged) {
    const size = height * width * channels;
    for (let index = 0; index < size; index++) target[offset + index] = raw[start + index] * scale;
    return;
  }
  for (let y = 0; y < height; y++) {
    const row = start + mirrored(y - change.down, height) * width * channels;
    for (let x = 0; x < width; x++) {
      const from = row + mirrored((change.mirrored ? width - 1 - x : x) - change.right, width) * channels;
      const to = offset + (y * width + x) * channels;
      for (let channel = 0; channel < channels; channel++) target[to + channel] = raw[from + channel] * scale;
    }
  }
}

/** Images as the network takes them: [images, height, width, channels] of values (bytes * 2^-8), row-major, and their labels. */
export interface Batch {
  readonly images: Float32Array;
  readonly labels: Labels;
}

/** How images are changed: as an augmentation says for this seed and epoch. */
interface RandomChanges {
  readonly augmentation: Augmentation;
  readonly seed: number;
  readonly epoch: number;
}

/** The images with these indices, perhaps changed. */
export function makeBatch(
  part: ImagePart,
  shape: ImageShape,
  indices: ArrayLike<number>,
  random?: RandomChanges,
): Batch {
  const size = shape[0] * shape[1] * shape[2];
  const batch = { images: new Float32Array(indices.length * size), labels: new Uint16Array(indices.length) };
  fillBatch(batch, part, shape, indices, random);
  return batch;
}

/** The same, in memory that is there already. */
export function fillBatch(
  { images, labels }: Batch,
  part: ImagePart,
  shape: ImageShape,
  indices: ArrayLike<number>,
  random?: RandomChanges,
): void {
  const size = shape[0] * shape[1] * shape[2];
  const scale = 2 ** -inputFormat(part).binaryPoint;
  // Images of a batch lie far apart in memory. In a loop as short as this one the processor waits for several at once; without
  // it, most of the time below would be waiting for small images.
  for (let position = 0; position < indices.length; position++)
    images[position * size] = part.images[indices[position] * size];
  for (let position = 0; position < indices.length; position++) {
    const image = indices[position];
    const change = random ? changeOf(random.augmentation, random.seed, random.epoch, image) : unchanged;
    writeImage(images, position * size, part.images, image * size, scale, shape, change);
    labels[position] = part.labels[image];
  }
}
