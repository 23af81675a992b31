import { differentiable, runKernel } from '../tensorflow.js';
import type { HeapKernel } from '../tensorflow-heap.js';
import type { PlainKernel } from '../tensorflow-kernels.js';
import type { tf } from '../tensorflow.js';
import type { Assembly, PoolingWindow } from './assembly.js';
import { explicitPadding, poolingGeometry, validTaps } from './geometry.js';
import type { WindowAttributes, WindowGeometry } from './geometry.js';

/** Pooling gradients, and the sum over a window, all on [N, H, W, C]. */

export interface PoolingAttributes extends WindowAttributes {
  readonly filterSize: number | readonly [number, number];
}

/** `MaxPoolGrad`: dy, input, output -> dx. Of equal elements the first in row-major order gets the gradient. */
export const maxPoolGradientKernel: PlainKernel<PoolingAttributes> = {
  name: 'MaxPoolGrad',
  inputs: ['dy', 'input'],
  outputShapes: ([, input]) => [input],
  compute: ([dy, x], [dx], [, inputShape], attributes) => {
    const g = poolingGeometry(inputShape, attributes.filterSize, attributes);
    const channels = g.inputChannels;
    dx.fill(0);
    forEachWindow(g, (window, output) => {
      for (let channel = 0; channel < channels; channel++) {
        let largest = -Infinity;
        let position = -1;
        for (let row = window.top; row < window.bottom; row++) {
          for (let column = window.left; column < window.right; column++) {
            const index = (row * g.inputWidth + column) * channels + channel;
            if (x[index] > largest) {
              largest = x[index];
              position = index;
            }
          }
        }
        if (position >= 0) dx[position] += dy[output + channel];
      }
    });
  },
};

/**
 * `AvgPoolGrad`: dy, input -> dx. Divides by the number of valid taps, as the forward pass does (the library's own kernel
 * divides by the whole window, which is wrong at padded borders).
 */
export const averagePoolGradientKernel: PlainKernel<PoolingAttributes> = {
  name: 'AvgPoolGrad',
  inputs: ['dy', 'input'],
  outputShapes: ([, input]) => [input],
  compute: ([dy], [dx], [, inputShape], attributes) =>
    distribute(dy, dx, poolingGeometry(inputShape, attributes.filterSize, attributes), (count) => 1 / count),
};

/** `QfxSumPool`: x -> sums over the valid taps of each window, added in doubles. */
export const sumPoolKernel: PlainKernel<PoolingAttributes> = {
  name: 'QfxSumPool',
  inputs: ['x'],
  outputShapes: ([x], attributes) => {
    const g = poolingGeometry(x, attributes.filterSize, attributes);
    return [[g.batch, g.outputHeight, g.outputWidth, g.inputChannels]];
  },
  compute: ([x], [y], [shape], attributes) => {
    const g = poolingGeometry(shape, attributes.filterSize, attributes);
    const channels = g.inputChannels;
    const sums = new Float64Array(channels);
    forEachWindow(g, (window, output) => {
      sums.fill(0);
      for (let row = window.top; row < window.bottom; row++) {
        for (let column = window.left; column < window.right; column++) {
          const pixel = (row * g.inputWidth + column) * channels;
          for (let channel = 0; channel < channels; channel++) sums[channel] += x[pixel + channel];
        }
      }
      y.set(sums, output);
    });
  },
};

export interface SumPoolGradientAttributes extends PoolingAttributes {
  readonly inputShape: readonly number[];
}

/** `QfxSumPoolGrad`: dy -> dx of the shape `inputShape`. */
export const sumPoolGradientKernel: PlainKernel<SumPoolGradientAttributes> = {
  name: 'QfxSumPoolGrad',
  inputs: ['dy'],
  outputShapes: (_shapes, { inputShape }) => [[...inputShape]],
  compute: ([dy], [dx], _shapes, attributes) =>
    distribute(dy, dx, poolingGeometry(attributes.inputShape, attributes.filterSize, attributes), () => 1),
};

/** `MaxPoolGrad` on the heap. */
export const maxPoolGradientHeapKernel: HeapKernel<PoolingAttributes, Assembly> = {
  ...maxPoolGradientKernel,
  compute: ({ functions, inputs: [dy, x], outputs: [dx], inputShapes: [, shape], attributes }) =>
    functions.maximumGradient(x, dy, dx, ...poolingWindow(shape, attributes)),
};

/** `AvgPoolGrad` on the heap. */
export const averagePoolGradientHeapKernel: HeapKernel<PoolingAttributes, Assembly> = {
  ...averagePoolGradientKernel,
  compute: ({ functions, inputs: [dy], outputs: [dx], inputShapes: [, shape], attributes }) =>
    functions.spreadWindows(dy, dx, ...poolingWindow(shape, attributes), true),
};

/** `QfxSumPool` on the heap. */
export const sumPoolHeapKernel: HeapKernel<PoolingAttributes, Assembly> = {
  ...sumPoolKernel,
  compute: ({ functions, inputs: [x], outputs: [y], inputShapes: [shape], attributes }) =>
    functions.sumWindows(x, y, ...poolingWindow(shape, attributes)),
};

/** `QfxSumPoolGrad` on the heap. */
export const sumPoolGradientHeapKernel: HeapKernel<SumPoolGradientAttributes, Assembly> = {
  ...sumPoolGradientKernel,
  compute: ({ functions, inputs: [dy], outputs: [dx], attributes }) =>
    functions.spreadWindows(dy, dx, ...poolingWindow(attributes.inputShape, attributes), false),
};

/**
 * Sums over windows, differentiable: x [N, H, W, C] -> [N, Oh, Ow, C]. Padding adds nothing. Exact where every sum fits a
 * float32 (24 bits from its last to its first).
 * @param padding zeros around the image: [top, bottom, left, right]
 */
export function sumPool2d(
  x: tf.Tensor,
  poolSize: readonly [number, number],
  strides: readonly [number, number],
  padding: readonly [number, number, number, number],
): tf.Tensor {
  const [top, bottom, left, right] = padding;
  const attributes: PoolingAttributes = {
    filterSize: poolSize,
    strides,
    pad: explicitPadding([top, bottom], [left, right]),
  };
  return differentiable(
    [x],
    ([input]) => ({ value: runKernel(sumPoolKernel.name, { x: input }, attributes)[0], saved: [] }),
    (dy) => runKernel(sumPoolGradientKernel.name, { dy }, { ...attributes, inputShape: x.shape }),
  );
}

/** The part of a window that lies inside of the image: rows and columns, the first included, the last not. Rows count over all images. */
interface Window {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** Adds dy * weight(valid taps) to every element of its window. */
function distribute(dy: Float32Array, dx: Float32Array, g: WindowGeometry, weight: (count: number) => number): void {
  const channels = g.inputChannels;
  dx.fill(0);
  forEachWindow(g, ({ top, bottom, left, right }, output) => {
    const factor = weight((bottom - top) * (right - left));
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        const pixel = (row * g.inputWidth + column) * channels;
        for (let channel = 0; channel < channels; channel++) dx[pixel + channel] += dy[output + channel] * factor;
      }
    }
  });
}

/** Calls `visit` with each window, in row-major order, and the offset of its output pixel. */
function forEachWindow(g: WindowGeometry, visit: (window: Window, output: number) => void): void {
  const window: Window = { top: 0, bottom: 0, left: 0, right: 0 };
  for (let image = 0; image < g.batch; image++) {
    const firstRow = image * g.inputHeight;
    for (let row = 0; row < g.outputHeight; row++) {
      const top = row * g.strideHeight - g.padTop;
      const rows = validTaps(top, g.windowHeight, 1, g.inputHeight);
      window.top = firstRow + top + rows.first;
      window.bottom = firstRow + top + rows.end;
      for (let column = 0; column < g.outputWidth; column++) {
        const left = column * g.strideWidth - g.padLeft;
        const columns = validTaps(left, g.windowWidth, 1, g.inputWidth);
        window.left = left + columns.first;
        window.right = left + columns.end;
        visit(window, ((image * g.outputHeight + row) * g.outputWidth + column) * g.outputChannels);
      }
    }
  }
}

function poolingWindow(inputShape: readonly number[], attributes: PoolingAttributes): PoolingWindow {
  const g = poolingGeometry(inputShape, attributes.filterSize, attributes);
  return [
    g.batch,
    g.inputHeight,
    g.inputWidth,
    g.inputChannels,
    g.outputHeight,
    g.outputWidth,
    g.windowHeight,
    g.windowWidth,
    g.strideHeight,
    g.strideWidth,
    g.padTop,
    g.padLeft,
  ];
}
