import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { findInstallation, locateInstallation, nativeThreads } from '../../../src/autograd/native/installation.js';
import { QfxError } from '../../../src/qfx/errors.js';

vi.mock(import('../../../src/autograd/native/installation.js'), async (load) => ({
  ...(await load()),
  findInstallation: vi.fn(),
}));

afterEach(() => vi.unstubAllEnvs());

describe('the threads of the native backend', () => {
  it.each([undefined, ''])('are those of the machine where the variable is %j', (value) => {
    vi.stubEnv('TF_NUM_INTRAOP_THREADS', value);
    expect(nativeThreads()).toBe(availableParallelism());
  });

  it.each([1, 3, 9999])('are the %i of the variable', (threads) => {
    vi.stubEnv('TF_NUM_INTRAOP_THREADS', String(threads));
    expect(nativeThreads()).toBe(threads);
  });

  it.each(['0', '-3', '1.5', 'two', '2 ', '1e1', '0x2', '10000'])('are refused where it is "%s"', (value) => {
    vi.stubEnv('TF_NUM_INTRAOP_THREADS', value);
    expect(nativeThreads).toThrow(QfxError);
    expect(nativeThreads).toThrow(`TF_NUM_INTRAOP_THREADS: found "${value}", needed: a whole number from 1`);
  });
});

describe('the backend "auto"', () => {
  it('is wasm where the native one is not set up; "node" is refused then', async () => {
    vi.mocked(findInstallation).mockReturnValue(undefined);
    expect(await initializeBackend('auto')).toEqual({ name: 'wasm', threads: 1 });
    await expect(initializeBackend('node')).rejects.toThrow('is not set up for this version of QFX');
  });

  it('is the native one where that is set up: what does not load is refused, each time', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qfx-native-'));
    vi.stubEnv('TF_ENABLE_ONEDNN_OPTS', '0');
    vi.stubEnv('TF_NUM_INTRAOP_THREADS', '2');
    try {
      const installation = locateInstallation(folder);
      await mkdir(dirname(installation.binding), { recursive: true });
      await writeFile(installation.binding, '');
      vi.mocked(findInstallation).mockReturnValue(installation);
      for (const backend of ['auto', 'node', 'auto'] as const) {
        const error: unknown = await initializeBackend(backend).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(QfxError);
        expect((error as Error).message).toMatch(/^backend "node": does not load: .*tfjs_binding.*\. Run qfx setup/);
      }
      // Decided here, whatever was set: results depend on it.
      expect(process.env.TF_ENABLE_ONEDNN_OPTS).toBe('1');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
