import { spreadAt } from '../../src/qfx/index.js';
import type { IntegerTensor } from '../../src/qfx/index.js';

/**
 * An exact number raw * 2^-binaryPoint; what the naive implementations of the tests compute with. The binary point follows
 * the formats: sums take the larger one, products add them. What has no width is 0 at binary point -Infinity.
 */
export interface Dyadic {
  readonly raw: bigint;
  readonly binaryPoint: number;
}

/** The empty sum. */
export const nothing: Dyadic = { raw: 0n, binaryPoint: -Infinity };

export function dyadic(raw: bigint | number, binaryPoint = 0): Dyadic {
  return { raw: BigInt(raw), binaryPoint };
}

/** A 0 that only says that its binary point counts in a result's. */
export function zeroAt({ binaryPoint }: Dyadic): Dyadic {
  return { raw: 0n, binaryPoint };
}

/** The values of a tensor. */
export function dyadicsOf({ raw, shape, format }: IntegerTensor): Dyadic[] {
  return Array.from(raw as ArrayLike<number | bigint>, (value, index) =>
    spreadAt(format.wordLength, shape, index) === 0
      ? nothing
      : dyadic(value, spreadAt(format.binaryPoint, shape, index)),
  );
}

export function plus(a: Dyadic, b: Dyadic): Dyadic {
  const binaryPoint = Math.max(a.binaryPoint, b.binaryPoint);
  return { raw: shiftUp(a, binaryPoint) + shiftUp(b, binaryPoint), binaryPoint };
}

export function times(a: Dyadic, b: Dyadic): Dyadic {
  return { raw: a.raw * b.raw, binaryPoint: a.binaryPoint + b.binaryPoint };
}

export function isLess(a: Dyadic, b: Dyadic): boolean {
  const binaryPoint = Math.max(a.binaryPoint, b.binaryPoint);
  return shiftUp(a, binaryPoint) < shiftUp(b, binaryPoint);
}

function shiftUp({ raw, binaryPoint }: Dyadic, target: number): bigint {
  return raw === 0n ? 0n : raw << BigInt(target - binaryPoint);
}

/** The raw integer at a binary point; throws where bits would be lost. */
export function rawAt({ raw, binaryPoint }: Dyadic, target: number): bigint {
  if (raw === 0n) return 0n;
  const shift = BigInt(target - binaryPoint);
  const moved = shift >= 0n ? raw << shift : raw >> -shift;
  if (shift < 0n && moved << -shift !== raw) throw new Error(`${raw} * 2^-${binaryPoint} has bits beyond 2^-${target}`);
  return moved;
}
