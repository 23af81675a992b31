/** The integers of a configuration that say how a window slides over an image. */

/** `<name>_height`, `<name>_width`. */
export function pair(name: string, [height, width]: readonly [number, number]): Record<string, number> {
  return { [`${name}_height`]: height, [`${name}_width`]: width };
}

/** @param padding [top, bottom, left, right] */
export function paddingIntegers([top, bottom, left, right]: readonly [number, number, number, number]): Record<
  string,
  number
> {
  return { padding_top: top, padding_bottom: bottom, padding_left: left, padding_right: right };
}
