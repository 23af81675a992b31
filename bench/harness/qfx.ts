import { fileURLToPath } from 'node:url';
import { childSide } from './child.js';
import type { Side } from './subject.js';

/** A side that is QFX itself, an operation on one thread: a program of bench/sides, on the built package as users have it. */
export function qfxSide(program: string, options: object): Side {
  const file = fileURLToPath(new URL(`../sides/${program}`, import.meta.url));
  // Without this setting tsx would find the sources in place of the package.
  const tsconfig = fileURLToPath(new URL('../tsconfig.json', import.meta.url));
  return childSide({
    command: process.execPath,
    args: ['--import', 'tsx', file, JSON.stringify(options)],
    env: {
      TSX_TSCONFIG_PATH: tsconfig,
      TF_NUM_INTRAOP_THREADS: '1',
      TF_NUM_INTEROP_THREADS: '1',
      OMP_NUM_THREADS: '1',
    },
  });
}
