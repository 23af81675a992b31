/** A fraction 0..1 as people read an accuracy: `98.96 %`. */
export function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}

/** A number with its thousands set apart: `10,000`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}
