import type { ImagePart, RawIntegers } from '../../../data/data-set.js';
import { batchNormalizationsOf } from '../../layers/batch-normalization.js';
import type { BatchStatistics } from '../../layers/batch-normalization.js';
import type { tf } from '../../tensorflow.js';
import { modelWeights } from '../model-weights.js';

/** What the threads of a run read and write together. Which of them writes when is said at each array. */
export interface SharedMemory {
  /** All weights of the network, one after the other; written by the main thread between two steps. */
  readonly weights: SharedArrayBuffer;
  /** One a shard, written by the thread that computes it: a gradient for each value of `weights`, then statistics. */
  readonly shards: readonly SharedArrayBuffer[];
}

/** What a shard has to say, as views of its memory. */
interface ShardViews {
  /** One for each weight of the network; those that are not trained hold anything. */
  readonly gradients: readonly Float32Array[];
  /** One for each BatchNorm of the network; those whose statistics are frozen hold anything. */
  readonly statistics: readonly BatchStatistics[];
}

/** Views of a network's shared memory. */
export interface MemoryViews {
  readonly weights: readonly Float32Array[];
  readonly shards: readonly ShardViews[];
}

/** Memory for a network whose batches are cut into so many shards. */
export function allocateMemory(model: tf.LayersModel, shards: number): SharedMemory {
  const total = (lengths: readonly number[]) => lengths.reduce((sum, length) => sum + length, 0);
  const weights = total(weightLengths(model));
  const floats = (length: number) => new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT);
  const shard = weights + total(statisticsLengths(model));
  return { weights: floats(weights), shards: Array.from({ length: shards }, () => floats(shard)) };
}

/** Cuts memory into arrays, in the same way in every thread that has the same network. */
export function viewMemory(model: tf.LayersModel, memory: SharedMemory): MemoryViews {
  const lengths = weightLengths(model);
  const shards = memory.shards.map((buffer): ShardViews => {
    const parts = cut(buffer, [...lengths, ...statisticsLengths(model)]);
    const gradients = parts.splice(0, lengths.length);
    const statistics = batchNormalizationsOf(model).map((_, index) => ({
      mean: parts[2 * index],
      variance: parts[2 * index + 1],
    }));
    return { gradients, statistics };
  });
  return { weights: cut(memory.weights, lengths), shards };
}

function weightLengths(model: tf.LayersModel): number[] {
  return modelWeights(model).map(({ variable }) => variable.size);
}

/** Mean and variance of each BatchNorm. */
function statisticsLengths(model: tf.LayersModel): number[] {
  return batchNormalizationsOf(model).flatMap((layer) => [layer.channels, layer.channels]);
}

function cut(buffer: SharedArrayBuffer, lengths: readonly number[]): Float32Array[] {
  let start = 0;
  return lengths.map((length) => {
    const view = new Float32Array(buffer, start, length);
    start += view.byteLength;
    return view;
  });
}

/** Puts images where every thread sees them; images that share an array are copied once. */
export class SharedImages {
  private readonly copies = new WeakMap<ArrayBufferLike, SharedArrayBuffer>();

  share(part: ImagePart): ImagePart {
    return { ...part, images: this.shareArray(part.images), labels: this.shareArray(part.labels) };
  }

  private shareArray<Integers extends RawIntegers>(integers: Integers): Integers {
    const { buffer, byteOffset, length } = integers;
    if (buffer instanceof SharedArrayBuffer) return integers;
    let copy = this.copies.get(buffer);
    if (copy === undefined) {
      copy = new SharedArrayBuffer(buffer.byteLength);
      new Uint8Array(copy).set(new Uint8Array(buffer));
      this.copies.set(buffer, copy);
    }
    // What Node reads from files is a Buffer, a kind of Uint8Array whose own constructor is not to be used.
    const kind = integers instanceof Uint8Array ? Uint8Array : integers.constructor;
    return new (kind as SharedKind<Integers>)(copy, byteOffset, length);
  }
}

type SharedKind<Integers> = new (buffer: SharedArrayBuffer, start: number, length: number) => Integers;
