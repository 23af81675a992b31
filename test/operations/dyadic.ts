import { spreadAt } from '../../src/qfx/index.js';
import type { IntegerTensor } from '../../src/qfx/index.js';

/** An exact number raw * 2^-binaryPoint; what the naive implementations of the tests compute with. */
export interface Dyadic {
  readonly raw: bigint;
  readonly binaryPoint: number;
}

export const zero: Dyadic = { raw: 0n, binaryPoint: 0 };

export function dyadic(raw: bigint | number, binaryPoint = 0): Dyadic {
  return { raw: BigInt(raw), binaryPoint };
}

/** The values of a tensor. */
export function dyadicsOf({ raw, shape, format }: IntegerTensor): Dyadic[] {
  return Array.from(raw as ArrayLike<number | bigint>, (value, index) =>
    dyadic(value, spreadAt(format.binaryPoint, shape, index)),
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
  return raw << BigInt(target - binaryPoint);
}

/** The raw integer at a binary point; throws where bits would be lost. */
export function rawAt({ raw, binaryPoint }: Dyadic, target: number): bigint {
  if (raw === 0n) return 0n;
  const shift = BigInt(target - binaryPoint);
  const moved = shift >= 0n ? raw << shift : raw >> -shift;
  if (shift < 0n && moved << -shift !== raw) throw new Error(`${raw} * 2^-${binaryPoint} has bits beyond 2^-${target}`);
  return moved;
}
