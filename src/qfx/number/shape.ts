/** Number of values of a tensor of this shape; 1 for no axes. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
