import type { Quantizer } from './quantizer.js';

/** Of each `withOnlyQuantizers` that has not ended: the quantizers that stay on. */
const restrictions: ReadonlySet<Quantizer>[] = [];

/**
 * Runs `body` with all quantizers switched off but these: `apply` of the others returns its argument. What is computed in
 * floating point without the others is exactly what one of them adds. A promise keeps them off until it settles.
 */
export function withOnlyQuantizers<T>(quantizers: ReadonlySet<Quantizer>, body: () => T): T {
  // A set of its own, so that this call ends itself and no other one.
  const restriction = new Set(quantizers);
  const end = () => void restrictions.splice(restrictions.indexOf(restriction), 1);
  restrictions.push(restriction);
  let pending = false;
  try {
    const result = body();
    if (!(result instanceof Promise)) return result;
    pending = true;
    return result.finally(end) as T;
  } finally {
    if (!pending) end();
  }
}

/**
 * Runs `body` with all quantizers switched off: their `apply` returns its argument. Measures the accuracy of the same
 * weights in floating point. A promise keeps them off until it settles.
 */
export function withoutQuantizers<T>(body: () => T): T {
  return withOnlyQuantizers(new Set(), body);
}

/** True inside of `withoutQuantizers` and `withOnlyQuantizers`. */
export function areQuantizersBypassed(): boolean {
  return restrictions.length > 0;
}

/** True where this quantizer is switched off. */
export function isSwitchedOff(quantizer: Quantizer): boolean {
  return restrictions.some((kept) => !kept.has(quantizer));
}
