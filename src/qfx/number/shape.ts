/** Number of values of a tensor of this shape; 1 for no axes. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The size of the last axis, which counts the channels; a single value is one channel. */
export function channelCount(shape: readonly number[]): number {
  return shape.length === 0 ? 1 : shape[shape.length - 1];
}
