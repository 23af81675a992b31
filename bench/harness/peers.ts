import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import envPaths from 'env-paths';
import { childSide } from './child.js';
import { NotRun } from './subject.js';
import type { Side } from './subject.js';

/** The virtual environments that bench/setup-peers makes, one for each folder of this name. */
type Environment = 'torch' | 'jax' | 'da4ml';

/** Where they are: `QFX_PEERS`, else the user's cache folder. */
function peersFolder(): string {
  return process.env.QFX_PEERS || join(envPaths('qfx', { suffix: '' }).cache, 'peers');
}

/** One thread, and nothing of this shell that slows a library down. */
const oneThread = {
  ...{ OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
  XLA_FLAGS: '--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1',
  ...{ KERAS_BACKEND: 'jax', JAX_PLATFORMS: 'cpu', TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '' },
  ...{ OPENBLAS_CORETYPE: undefined, OPENBLAS_L2_SIZE: undefined, PYTHONDONTWRITEBYTECODE: '1' },
};

/** A peer from PyPI: a script of bench/peers in one of the environments. Never in CI. */
export function peerSide(environment: Environment, script: string, args: readonly string[] = []): Side {
  return childSide(() => {
    if (process.env.CI) throw new NotRun('peers are not run in CI');
    const python = join(peersFolder(), environment, 'bin', 'python');
    if (!existsSync(python)) throw new NotRun(`the peer is not installed (${environment}): run bench/setup-peers`);
    const file = fileURLToPath(new URL(`../peers/${script}`, import.meta.url));
    return { command: python, args: [file, ...args], env: oneThread };
  });
}
