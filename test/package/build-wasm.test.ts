import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const folders = ['src/autograd/kernels/assembly', 'src/qfx/execute/assembly'];
const target = 'src/qfx/execute/assembly.generated.ts';

describe('scripts/build-wasm.mjs', () => {
  let root: string;
  let whole: string;
  const build = () => promisify(execFile)(process.execPath, [join(root, 'scripts/build-wasm.mjs')]);
  const built = () => readFile(join(root, target), 'utf8');

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'qfx-build-wasm-'));
    await mkdir(join(root, 'scripts'));
    await cp(join(repository, 'scripts/build-wasm.mjs'), join(root, 'scripts/build-wasm.mjs'));
    await symlink(join(repository, 'node_modules'), join(root, 'node_modules'));
    for (const folder of folders) {
      await mkdir(join(root, folder), { recursive: true });
      await writeFile(join(root, folder, 'index.ts'), 'export function one(): i32 { return 1; }');
    }
    await build();
    whole = await built();
  });
  afterAll(() => rm(root, { recursive: true }));

  it('writes a module and nothing beside it, and leaves it alone afterwards', async () => {
    const assembly = /assembly = '(.*)'/.exec(whole)?.[1] ?? '';
    expect(Buffer.from(assembly, 'base64').toString('latin1')).toMatch(/^\0asm[^]*one/);
    expect((await readdir(join(root, dirname(target)))).sort()).toEqual(['assembly', 'assembly.generated.ts']);
    await utimes(join(root, target), 1, 1);
    await build();
    expect((await stat(join(root, target))).mtimeMs).toBe(1000);
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, text.length / 2)],
    ['without its last line', (text: string) => text.slice(0, text.lastIndexOf('// '))],
    ['changed', (text: string) => text.replace("assembly = 'A", "assembly = 'B")],
  ])('makes a file again that is %s', async (_, damage) => {
    await writeFile(join(root, target), damage(whole));
    await build();
    expect(await built()).toBe(whole);
  });
});
