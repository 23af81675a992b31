import { QfxError } from '../qfx/errors.js';
import { registerKernels } from './kernels/index.js';
import { backendNames, startBackend } from './tensorflow.js';
import type { BackendName } from './tensorflow.js';

/**
 * Starts the backend of the tensor library that everything after it computes on, and registers QFX's kernels on it.
 * Call it once, before a model is built: `await initializeBackend()`.
 * @throws QfxError when the backend is unknown or doesn't start
 */
export async function initializeBackend(name: BackendName = 'wasm'): Promise<void> {
  const where = `backend "${String(name)}"`;
  if (!backendNames.includes(name)) throw new QfxError(where, `unknown, allowed: ${backendNames.join(', ')}`);
  registerKernels(name);
  // The library falls back to a slower backend in silence, so its word isn't enough.
  const running = await startBackend(name);
  if (running !== name) throw new QfxError(where, `did not start, running instead: ${running}`);
}
