import { randomStream } from '../../src/autograd/train/random.js';
import type { DataSet, ImagePart } from '../../src/data/index.js';

/** Noisy 8 x 8 images of three classes: a bright bar at the left, in the middle or at the right. */
export function bars(sizes: { train: number; test: number }): DataSet {
  const make = (key: number, count: number): ImagePart => {
    const random = randomStream(key);
    const labels = Uint8Array.from({ length: count }, () => random.below(3));
    const images = Uint8Array.from({ length: count * 64 }, (_, index) => {
      const isBar = Math.floor((index % 8) / 3) === labels[Math.floor(index / 64)];
      return random.below(120) + (isBar ? 60 : 0);
    });
    return { images, labels };
  };
  return {
    name: 'bars',
    classes: ['left', 'middle', 'right'],
    shape: [8, 8, 1],
    train: make(1, sizes.train),
    test: make(2, sizes.test),
    checksum: `bars ${sizes.train} ${sizes.test}`,
  };
}
