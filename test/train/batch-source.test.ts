import { afterEach, describe, expect, it, vi } from 'vitest';
import { epochOrder, makeBatch } from '../../src/autograd/train/batches.js';
import { BatchMaker, allocateBatches, batchOf } from '../../src/autograd/train/workers/batch-maker.js';
import type { BatchSetup } from '../../src/autograd/train/workers/batch-maker.js';
import { BatchSource } from '../../src/autograd/train/workers/batch-source.js';
import { SharedImages } from '../../src/autograd/train/workers/shared-memory.js';
import { bars } from './synthetic.js';

/** 5 steps an epoch, and images that no step uses. */
const data = bars({ train: 33, test: 3 });
const config = { batchSize: 6, seed: 4, augmentation: { crop: 2, flip: true } };
const steps = 12;

const setup = (): BatchSetup => ({
  images: data.train,
  shape: data.shape,
  config,
  memory: allocateBatches(data.shape, config.batchSize),
});
const read = ({ memory }: BatchSetup, step: number) => {
  const { images, labels } = batchOf(memory, step, data.shape, config.batchSize);
  return { images: images.slice(), labels: labels.slice() };
};
const share = () => {
  const shared = new SharedImages();
  return (images: BatchSetup['images']) => shared.share(images);
};

/** What a batch is: a function of seed and step. */
function expected(step: number) {
  const epoch = Math.floor(step / 5);
  const indices = epochOrder(33, config.seed, epoch).slice((step % 5) * 6, (step % 5) * 6 + 6);
  return makeBatch(data.train, data.shape, indices, { ...config, epoch });
}

let source: BatchSource | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await source?.close();
});

describe('batches of a run', () => {
  it('are a function of seed and step, in whatever order they are made', () => {
    const one = setup();
    const maker = new BatchMaker(one);
    for (const step of [0, 1, 4, 5, 11, 4, 10]) {
      maker.make(step);
      expect(read(one, step)).toEqual(expected(step));
    }
  });

  it('are made by a thread ahead of their step, with the same bytes', async () => {
    const one = setup();
    source = new BatchSource(one, steps);
    const made = vi.spyOn(BatchMaker.prototype, 'make');
    for (let step = 0; step < steps; step++) {
      if (step === 3) source.start(share());
      await source.ready(step);
      source.prepare(step + 1);
      // The next batch may be written meanwhile, this one not.
      await new Promise((resolve) => setTimeout(resolve, 3));
      await source.ready(step);
      expect(read(one, step)).toEqual(expected(step));
      source.prepare(step + 2);
    }
    // Without a thread, the one that asks makes them: steps 0 to 2, and the one before which the thread was started.
    expect(made.mock.calls).toEqual([[0], [1], [2], [3]]);
  });

  it('are not made beyond the last step', async () => {
    source = new BatchSource(setup(), steps);
    source.start(share());
    source.prepare(steps);
    const made = vi.spyOn(BatchMaker.prototype, 'make');
    await source.ready(steps);
    expect(made).toHaveBeenCalledWith(steps);
  });

  it('end with the error of their thread, and without one when it is closed', async () => {
    const broken = setup();
    source = new BatchSource({ ...broken, memory: broken.memory.slice(1) }, steps);
    source.start(() => ({ ...data.train, images: undefined as unknown as Uint8Array }));
    source.prepare(0);
    await expect(source.ready(0)).rejects.toThrow(/^thread of batches: failed: Cannot read properties of undefined/);
    const closed = new BatchSource(setup(), steps);
    closed.start(share());
    closed.prepare(0);
    await closed.close();
    await expect(closed.ready(0)).rejects.toThrow('thread of batches: ended by itself');
  });
});

describe('shared images', () => {
  it('are arrays of the same numbers, of what Node has read as well', () => {
    const images = Buffer.from([9, 1, 2, 3]).subarray(1);
    const shared = new SharedImages().share({ images, labels: Uint16Array.of(7, 8) });
    expect(Buffer.isBuffer(shared.images), 'a Buffer, whose constructor warns').toBe(false);
    expect([[...shared.images], [...shared.labels]]).toEqual([
      [1, 2, 3],
      [7, 8],
    ]);
    expect(shared.images.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(shared.labels.constructor).toBe(Uint16Array);
  });
});
