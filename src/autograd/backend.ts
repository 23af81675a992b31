import { QfxError } from '../qfx/errors.js';
import { registerKernels } from './kernels/index.js';
import { findInstallation } from './native/installation.js';
import { loadNativeBackend, loadedNativeThreads } from './tensorflow-node.js';
import { startBackend, tf } from './tensorflow.js';
import type { BackendName } from './tensorflow.js';

/** What a network computes on, as QFX names it; `auto` is `node` where that is set up, else `wasm`. */
export const runningBackends = ['wasm', 'node', 'cpu'] as const;
const backends = ['auto', ...runningBackends] as const;
export type Backend = (typeof backends)[number];

/** The library's names of the backends. */
const libraryNames: Readonly<Record<RunningBackend['name'], BackendName>> = {
  wasm: 'wasm',
  node: 'tensorflow',
  cpu: 'cpu',
};

/** What results depend on besides the program: weights repeat bit for bit on the same backend and number of threads. */
export interface RunningBackend {
  readonly name: (typeof runningBackends)[number];
  /** Threads that one operation computes on. */
  readonly threads: number;
}

/**
 * Starts the backend of the tensor library that everything after it computes on, and registers QFX's kernels on it.
 * Call it once, before a model is built: `await initializeBackend()`.
 * @throws QfxError when the backend is unknown, isn't set up or doesn't start
 */
export async function initializeBackend(backend: Backend = 'wasm'): Promise<RunningBackend> {
  const where = `backend "${String(backend)}"`;
  if (!backends.includes(backend)) throw new QfxError(where, `unknown, allowed: ${backends.join(', ')}`);
  const installation = backend === 'node' || backend === 'auto' ? findInstallation() : undefined;
  if (backend === 'node' && installation === undefined)
    throw new QfxError(where, 'is not set up for this version of QFX: run qfx setup tfjs-node, or use wasm');
  if (installation !== undefined) loadNativeBackend(installation);
  const name = libraryNames[backend === 'auto' ? (installation ? 'node' : 'wasm') : backend];
  registerKernels(name);
  // The library falls back to a slower backend in silence, so its word isn't enough.
  const running = await startBackend(name);
  if (running !== name) throw new QfxError(where, `did not start, running instead: ${running}`);
  return runningBackend();
}

/** The backend that runs now. */
export function runningBackend(): RunningBackend {
  const running = tf.getBackend();
  const name = runningBackends.find((known) => libraryNames[known] === running);
  if (name === undefined) throw new QfxError(`backend "${running}"`, 'is none of QFX, call initializeBackend() first');
  return { name, threads: name === 'node' ? loadedNativeThreads() : 1 };
}

/** A backend for people: `backend node with 2 threads`. */
export function describeBackend({ name, threads }: RunningBackend): string {
  return name === 'node' ? `backend node with ${threads} ${threads === 1 ? 'thread' : 'threads'}` : `backend ${name}`;
}
