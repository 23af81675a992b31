import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { locateInstallation } from '../../../src/autograd/native/installation.js';
import { setUpTfjsNode } from '../../../src/autograd/native/setup.js';

/** Stands for every tool where a test does not say otherwise. */
const willing = 'exit 0';

describe('the set-up of the native backend, without network', () => {
  let folder: string;
  let bin: string;

  beforeEach(async () => {
    const root = await mkdtemp(join(tmpdir(), 'qfx-setup-'));
    [folder, bin] = [join(root, 'cache'), join(root, 'bin')];
    await mkdir(bin);
    vi.stubEnv('PATH', bin);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(join(folder, '..'), { recursive: true });
  });

  /** Puts shell scripts on the path, which holds nothing else. */
  async function provide(scripts: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, script] of Object.entries(scripts)) {
      await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
      await chmod(join(bin, name), 0o755);
    }
  }
  const setUp = (options = {}) => setUpTfjsNode({ folder, platform: 'linux-x64', ...options });

  it.each(['darwin-arm64', 'linux-arm64', 'win32-x64'])('refuses %s', async (platform) => {
    await expect(setUp({ platform })).rejects.toThrow(`tfjs-node: is for linux-x64 only, this is ${platform}`);
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
  });

  it('names a missing tool and how to get it, before it downloads anything', async () => {
    await expect(setUp()).rejects.toThrow(/python3 is not on the path: install python3 python3-pip/);
    await provide({ python3: 'echo "/usr/bin/python3: No module named pip" >&2; exit 1' });
    await expect(setUp()).rejects.toThrow(/python3 has no pip: install python3 python3-pip/);
    await provide({ python3: willing });
    await expect(setUp()).rejects.toThrow(/npm is not on the path: it comes with Node/);
    await provide({ npm: willing });
    await expect(setUp()).rejects.toThrow(/g\+\+ is not on the path: install g\+\+/);
    expect(await readdir(folder)).toEqual([]);
  });

  it('says what a tool said that fails', async () => {
    await provide({ python3: 'echo "no such index" >&2; exit 3', npm: willing, 'g++': willing });
    await expect(setUp()).rejects.toThrow(/python3 -m pip .* failed \(exit status 3\):\nno such index/);
  });

  it('throws a download with another checksum away', async () => {
    // Puts a file where the parameter after `marker` says.
    const download = (marker: string) =>
      `while [ $# -gt 0 ]; do if [ "$1" = ${marker} ]; then echo other > "$2/file.bin"; fi; shift; done`;
    await provide({ python3: download('--dest'), npm: download('--pack-destination'), 'g++': willing });
    await expect(setUp()).rejects.toThrow(/tensorflow-cpu 2\.14\.1 has SHA-256 [0-9a-f]{64}, expected 7f9d705b4d57/);
    expect(await readdir(folder)).toEqual([]);
    const { library } = locateInstallation(folder);
    await mkdir(library);
    await expect(setUp()).rejects.toThrow(/@tensorflow\/tfjs-node 4\.22\.0 has SHA-256 .*, expected d38a448a705e/);
    expect(await readdir(folder)).toEqual(['tensorflow-2.14.1']);
  });

  it('ends at once when it is interrupted, and leaves nothing behind', async () => {
    await provide({ python3: 'case "$*" in *download*) exec /bin/sleep 60;; esac', npm: willing, 'g++': willing });
    const controller = new AbortController();
    const stages: string[] = [];
    const onProgress = (stage: string) => {
      stages.push(stage);
      setTimeout(() => controller.abort(new Error('enough')), 200);
    };
    await expect(setUp({ signal: controller.signal, onProgress })).rejects.toThrow('enough');
    expect(stages).toEqual(['download']);
    expect(await readdir(folder)).toEqual([]);
  });

  it('does nothing where everything is there, and nothing is needed for that', async () => {
    const { library, build, binding } = locateInstallation(folder);
    await mkdir(library, { recursive: true });
    await mkdir(build);
    await writeFile(binding, '');
    expect(await setUp()).toMatchObject({ changed: false, installation: { binding } });
  });
});
