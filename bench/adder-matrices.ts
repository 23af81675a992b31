import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import writeFileAtomic from 'write-file-atomic';

/** Kinds of constant matrices: bytes of 129..255, or so many different powers of two from 1 to 64, each added or subtracted. */
export type AdderKind = 'bytes' | 'one digit' | 'two digits';

/** A seeded square matrix, the same everywhere. */
export function adderMatrix(kind: AdderKind, size: number, seed: number): number[][] {
  const below = randomIntegers(1 + seed);
  const power = (exponent: number) => (below(2) === 0 ? 1 : -1) * 2 ** exponent;
  const entry = (): number => {
    if (kind === 'bytes') return 129 + below(127);
    const exponent = below(7);
    if (kind === 'one digit') return power(exponent);
    return power(exponent) + power((exponent + 1 + below(6)) % 7);
  };
  return Array.from({ length: size }, () => Array.from({ length: size }, entry));
}

/** Matrices of one kind and size. */
export interface AdderMatrices {
  readonly kind: AdderKind;
  readonly size: number;
}

/** How many matrices there are of each kind and size. */
export const adderMatrixCount = 20;

/** The file with the matrices of a kind, for programs in any language: a JSON array. */
export const adderMatrixFile = ({ kind, size }: AdderMatrices): string =>
  fileURLToPath(new URL(`../out/bench/adders-${kind.replace(' ', '-')}-${size}.json`, import.meta.url));

export async function writeAdderMatrices(matrices: AdderMatrices): Promise<void> {
  const file = adderMatrixFile(matrices);
  const list = Array.from({ length: adderMatrixCount }, (_, seed) => adderMatrix(matrices.kind, matrices.size, seed));
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, JSON.stringify(list));
}

/** Random integers below a bound: the upper bits of a 32-bit Weyl sequence, scrambled. */
function randomIntegers(seed: number): (bound: number) => number {
  let state = Math.imul(seed, 0x9e3779b9);
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}
