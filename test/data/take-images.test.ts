import { describe, expect, it } from 'vitest';
import { takeImages } from '../../src/data/index.js';
import type { ImagePart } from '../../src/data/index.js';

describe('takeImages', () => {
  it('cuts images and labels alike, without a copy, and keeps what their integers mean', () => {
    const part: ImagePart = {
      images: Int16Array.from({ length: 12 }, (_, index) => 100 * index),
      labels: Uint8Array.of(3, 1, 2, 0),
      input: { wordLength: 12, binaryPoint: 7, signed: true },
    };
    const taken = takeImages(part, 1, 3);
    expect(taken).toEqual({
      images: Int16Array.of(300, 400, 500, 600, 700, 800),
      labels: Uint8Array.of(1, 2),
      input: part.input,
    });
    expect(taken.images.buffer).toBe(part.images.buffer);
  });
});
