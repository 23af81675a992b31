import { allHigh, allLow, describeOperation } from './contract.js';
import type { OperationCase, OperationContract } from './contract.js';
import type { Draw } from './draw.js';
import { nothing } from './dyadic.js';
import { refusesVectors } from './image.js';

/** A pixel of the input, or undefined for one of zeros. */
type Source = (attributes: Record<string, number[]>, row: number, column: number) => [row: number, column: number];

/** What operations share that put the pixels of an image elsewhere. */
function describeMovedPixels(
  operation: string,
  attributes: (draw: Draw) => Record<string, number[]>,
  size: (attributes: Record<string, number[]>, height: number, width: number) => number[],
  source: Source,
  refusals: OperationContract['refusals'],
): void {
  const own = (use: OperationCase) => use.attributes as Record<string, number[]>;
  const shape = (use: OperationCase) => {
    const [height, width, channels] = use.inputs[0].shape;
    return [...size(own(use), height, width), channels];
  };
  describeOperation({
    operation,
    paths: ['copy', 'int32', 'int64', 'reference'],
    draw(draw) {
      const image = [draw.integer(1, 3), draw.integer(1, 3), draw.integer(1, 3)];
      return { attributes: attributes(draw), inputs: [{ shape: image, format: draw.format(image) }], constants: {} };
    },
    shape,
    evaluate(use, [values], trace) {
      const [height, width, channels] = use.inputs[0].shape;
      const [rows, columns] = shape(use);
      for (const value of values) trace(value);
      return Array.from({ length: rows * columns * channels }, (_, index) => {
        const pixel = Math.floor(index / channels);
        const [y, x] = source(own(use), Math.floor(pixel / columns), pixel % columns);
        const isInside = y >= 0 && y < height && x >= 0 && x < width;
        return isInside ? values[(y * width + x) * channels + (index % channels)] : nothing;
      });
    },
    extremes: () => [allHigh, allLow],
    refusals: [refusesVectors, ...refusals],
  });
}

describeMovedPixels(
  'zero-padding2d',
  (draw) => ({ padding: Array.from({ length: 4 }, () => draw.integer(0, 2)) }),
  ({ padding: [top, bottom, left, right] }, height, width) => [height + top + bottom, width + left + right],
  ({ padding: [top, , left] }, row, column) => [row - top, column - left],
  [
    {
      what: 'negative padding',
      change: (use) => ({ ...use, attributes: { padding: [0, -1, 0, 0] } }),
      message: /attributes: padding/,
    },
    {
      what: 'an image of absurd size',
      change: (use) => ({ ...use, attributes: { padding: [0, 2 ** 16, 0, 0] } }),
      message: /a side of \d+ pixels, at most 65536 are possible/,
    },
  ],
);

describeMovedPixels(
  'up-sampling2d',
  (draw) => ({ size: [draw.integer(1, 3), draw.integer(1, 3)] }),
  ({ size }, height, width) => [height * size[0], width * size[1]],
  ({ size }, row, column) => [Math.floor(row / size[0]), Math.floor(column / size[1])],
  [
    {
      what: 'a size of 0',
      change: (use) => ({ ...use, attributes: { size: [0, 2] } }),
      message: /attributes: size/,
    },
  ],
);
