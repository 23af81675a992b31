import { initializeBackend } from '../../src/autograd/backend.js';
import { findInstallation } from '../../src/autograd/native/installation.js';
import type { Oracle } from './oracles.js';

/** The backend that a suite runs on: vitest.config.ts runs some of them on both. */
export const testedBackend = process.env.QFX_TEST_BACKEND === 'node' ? 'node' : 'wasm';

/** The native backend, which `qfx setup tfjs-node` makes. */
export function findNativeBackend(): Oracle {
  const name = 'the native backend';
  const installation = findInstallation();
  return installation === undefined
    ? { name, missing: 'run npm run setup:tfjs-node' }
    : { name, path: installation.folder };
}

/** Starts the backend that the suite runs on; without the native one its tests are skipped (require-native-backend.ts). */
export async function startTestedBackend(): Promise<void> {
  if (testedBackend === 'wasm' || 'path' in findNativeBackend()) await initializeBackend(testedBackend);
}
