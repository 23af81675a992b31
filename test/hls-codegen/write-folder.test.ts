import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectFileName } from '../../src/hls-codegen/index.js';
import { writeProjectFolder } from '../../src/hls-codegen/write-folder.js';
import { temporaryFolder } from './support/project.js';

const contents = new Map<string, string | Uint8Array>([
  ['README.md', 'one'],
  ['src/layers/a.cpp', 'two'],
  ['testbench/vectors/input.bin', Uint8Array.of(1, 2, 3)],
]);

describe('writeProjectFolder', () => {
  it('writes all files, with parents', async () => {
    const parent = await temporaryFolder();
    const folder = join(parent, 'a', 'b');
    await writeProjectFolder(folder, contents);
    expect(await readFile(join(folder, 'src', 'layers', 'a.cpp'), 'utf8')).toBe('two');
    expect([...(await readFile(join(folder, 'testbench', 'vectors', 'input.bin')))]).toEqual([1, 2, 3]);
    expect(await readdir(join(parent, 'a'))).toEqual(['b']);
  });

  it('refuses a folder that is no project, and a file, and leaves them alone', async () => {
    const parent = await temporaryFolder();
    const folder = join(parent, 'mine');
    await mkdir(folder);
    await writeFile(join(folder, 'thesis.tex'), 'years of work');
    await expect(writeProjectFolder(folder, contents)).rejects.toThrow(
      /mine: the folder exists and is not an emitted QFX/,
    );
    await writeFile(join(folder, projectFileName), '{"name": "some other tool"}');
    await expect(writeProjectFolder(folder, contents)).rejects.toThrow(/not an emitted QFX project/);
    expect((await readdir(folder)).sort()).toEqual([projectFileName, 'thesis.tex']);
    await expect(writeProjectFolder(join(folder, 'thesis.tex'), contents)).rejects.toThrow(
      /a file of this name exists/,
    );
    expect(await readdir(parent)).toEqual(['mine']);
  });

  it('leaves nothing when it fails half-way, not even folders on the way', async () => {
    const parent = await temporaryFolder();
    const clash = new Map([...contents, ['README.md/inside', 'a file where a folder is needed']]);
    await expect(writeProjectFolder(join(parent, 'a', 'b'), clash)).rejects.toThrow(/cannot write the project/);
    expect(await readdir(parent)).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('fails where no folder can be made', async () => {
    await expect(writeProjectFolder('/proc/qfx/project', contents)).rejects.toThrow(
      '/proc/qfx/project: cannot write the project (ENOENT',
    );
  });
});
