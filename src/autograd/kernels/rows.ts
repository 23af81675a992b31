import { elementCount } from '../../qfx/number/shape.js';
import type { HeapKernel } from '../tensorflow-heap.js';
import type { Assembly } from './assembly.js';

/**
 * Additions over rows on the heap: a bias to every row, and its gradient, the sum of the rows. The library adds a bias element
 * by element and transposes before such a sum.
 */

/** `Add`: a [..., n], b [n] where n are the last axes of a, in either order. */
export const addRowsHeapKernel: HeapKernel<object, Assembly> = {
  name: 'Add',
  inputs: ['a', 'b'],
  serves: ([a, b]) => isRowOf(a, b) || isRowOf(b, a),
  outputShapes: ([a, b]) => [isRowOf(a, b) ? a : b],
  compute({ functions, inputs: [a, b], outputs: [y], inputShapes: [aShape, bShape] }) {
    const [x, row] = isRowOf(aShape, bShape) ? [a, b] : [b, a];
    const [large, small] = [elementCount(aShape), elementCount(bShape)].sort((one, other) => other - one);
    functions.addToRows(x, row, y, large / small, small);
  },
};

/** Whether `row` is the shape of the last axes of `shape`, perhaps after axes of 1; not all of them. */
function isRowOf(shape: readonly number[], row: readonly number[]): boolean {
  const axes = row.slice(row.findIndex((size) => size !== 1));
  const isLast = axes.every((size, index) => size === shape[shape.length - axes.length + index]);
  return row.length <= shape.length && elementCount(row) > 1 && elementCount(row) < elementCount(shape) && isLast;
}

interface SumAttributes {
  readonly axis?: number | readonly number[] | null;
  readonly keepDims?: boolean;
}

/** `Sum` over the first axes: x [..., n] -> [n], added in doubles where sums are long. */
export const sumRowsHeapKernel: HeapKernel<SumAttributes, Assembly> = {
  name: 'Sum',
  inputs: ['x'],
  serves: ([x], { axis }) => elementCount(x) > 0 && firstAxes(x, axis) > 0,
  outputShapes: ([x], { axis, keepDims }) => {
    const summed = firstAxes(x, axis);
    return [[...(keepDims === true ? x.slice(0, summed).map(() => 1) : []), ...x.slice(summed)]];
  },
  compute({ functions, scratch, inputs: [x], outputs: [y], inputShapes: [shape], outputShapes: [rest] }) {
    const length = elementCount(rest);
    functions.sumRows(x, scratch(2 * length), y, elementCount(shape) / length, length);
  },
};

/** How many axes are summed where these are the first ones and not all; else 0. */
function firstAxes(shape: readonly number[], axis: SumAttributes['axis']): number {
  const axes = [axis ?? []].flat().map((index) => (index < 0 ? index + shape.length : index));
  const areFirst = [...axes].sort((a, b) => a - b).every((index, position) => index === position);
  return areFirst && axes.length < shape.length ? axes.length : 0;
}
