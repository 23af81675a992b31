import { z } from 'zod';
import type { DecodedImage } from './image-file.js';

/** A size that images are brought to. */
export const sizeSchema = z.strictObject({
  height: z.int().min(1),
  width: z.int().min(1),
  /** `crop` keeps the largest part in the middle that has the same proportions; `stretch` keeps all, and not the proportions. */
  fit: z.enum(['crop', 'stretch']).default('crop'),
});
type Size = z.output<typeof sizeSchema>;

/** Where a piece of an image's axis begins, and how long it is, in pixels. */
interface Piece {
  readonly start: number;
  readonly length: number;
}

/**
 * An image in another size. A pixel is the mean of what it covers in the old one, by area, rounded: in integers, so that it is
 * the same everywhere.
 */
export function resize(image: DecodedImage, { height, width, fit }: Size): DecodedImage {
  const { channels } = image;
  if (image.height === height && image.width === width) return image;
  const [rows, columns] = fit === 'crop' ? middle(image, height, width) : [whole(image.height), whole(image.width)];
  const [across, down] = [covered(columns, width), covered(rows, height)];
  const area = rows.length * columns.length;
  const bytes = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (const row of down[y])
          for (const column of across[x])
            sum +=
              row.weight * column.weight * image.bytes[(row.index * image.width + column.index) * channels + channel];
        bytes[(y * width + x) * channels + channel] = Math.floor(sum / area + 0.5);
      }
  return { height, width, channels, bytes };
}

function whole(length: number): Piece {
  return { start: 0, length };
}

/** The largest part in the middle with the proportions of height x width, to the pixel. */
function middle(image: DecodedImage, height: number, width: number): [rows: Piece, columns: Piece] {
  const isTooWide = image.width * height > image.height * width;
  const rows = isTooWide ? image.height : Math.max(1, Math.round((image.width * height) / width));
  const columns = isTooWide ? Math.max(1, Math.round((image.height * width) / height)) : image.width;
  const inTheMiddle = (length: number, all: number) => ({ start: (all - length) >> 1, length });
  return [inTheMiddle(rows, image.height), inTheMiddle(columns, image.width)];
}

/** The old pixels that each of `count` new ones covers, and how much of them in 1 / count of an old pixel. */
function covered({ start, length }: Piece, count: number): { index: number; weight: number }[][] {
  return Array.from({ length: count }, (_, position) => {
    const [from, to] = [position * length, (position + 1) * length];
    const pieces: { index: number; weight: number }[] = [];
    for (let index = Math.floor(from / count); index * count < to; index++) {
      const weight = Math.min(to, (index + 1) * count) - Math.max(from, index * count);
      pieces.push({ index: start + index, weight });
    }
    return pieces;
  });
}
