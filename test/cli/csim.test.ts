import { cp, readFile, readdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCompiler, requireOracle } from '../support/oracles.js';
import { tinyNetwork } from './networks.js';
import { Terminal } from './support.js';

const names = ['int', 'x"; */ #include "/etc/passwd\\', '../../ü\u0000\n#error'] as const;
const compiler = findCompiler();

let terminal: Terminal;
beforeAll(async () => {
  terminal = await Terminal.open();
  const graph = tinyNetwork({ names, shape: [28, 28, 1], classes: 10, provenance: { data: { name: 'mnist' } } });
  const file = await terminal.save(graph);
  const exported = await terminal.document(['export-hls', file, '--out', 'hls']);
  expect(exported).toMatchObject({ folder: 'hls', top: expect.stringMatching(/^qfx_\w+$/), files: expect.any(Number) });
});
afterAll(() => terminal.close());

describe('csim', () => {
  it('says what was compared, layer by layer, for names hostile to C++', async (context) => {
    requireOracle(context, compiler);
    const document = await terminal.document(['csim', 'hls', '--images', '20', '--layers-for', '5']);
    expect(document).toEqual({
      images: 20,
      imagesByHardwareLoops: 16,
      valuesCompared: 5 * (784 + 784) + 20 * 10,
      mismatches: 0,
      layers: names.map((name) => ({ name, values: expect.any(Number), mismatches: 0 })),
      compiler: expect.stringMatching(/g\+\+|clang/),
      seconds: expect.any(Number),
    });
    expect(await terminal.leftovers()).toEqual([]);
    expect(await terminal.list()).toEqual(['graph.safetensors', 'hls']);
  });

  it("says for how many images the hardware's loops ran", async (context) => {
    requireOracle(context, compiler);
    const some = await terminal.qfx(['csim', 'hls', '--images', '20']);
    expect(some.stdout).toMatch(/^products summed by the hardware's loops: 16 images; in a faster order: 4$/m);
    const all = await terminal.qfx(['csim', 'hls', '--images', '20', '--hardware-loops', 'all']);
    expect(all.stdout).toMatch(/^products summed by the hardware's loops: all images$/m);
    const document = await terminal.document(['csim', 'hls', '--images', '20', '--hardware-loops', '0']);
    expect(document).toMatchObject({ images: 20, imagesByHardwareLoops: 0, mismatches: 0 });
  });

  it.for([
    [['--hardware-loops', 'some'], '--hardware-loops some: a whole number or all is needed'],
    [['--hardware-loops', '-1'], '--hardware-loops -1: a whole number or all is needed'],
    [['--hardware-loops', '3', '--headers', 'amd'], '--hardware-loops 3: with --headers all images run'],
  ] as const)('refuses %s', async ([args, message]) => {
    const { exitCode, stderr } = await terminal.qfx(['csim', 'hls', ...args]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('measures the same accuracy as eval, on real images', async (context) => {
    requireOracle(context, compiler);
    const evaluated = await terminal.document(['eval', 'graph.safetensors']);
    const simulated = await terminal.document(['csim', 'hls', '--data-set', 'mnist', '--layers-for', '1']);
    expect(simulated).toMatchObject({ images: 10_000, mismatches: 0, accuracy: evaluated.accuracy });
    const tooMany = await terminal.qfx(['csim', 'hls', '--data-set', 'mnist', '--images', '10001']);
    expect([tooMany.exitCode, tooMany.stderr]).toEqual([2, expect.stringContaining('"mnist" has 10000 test images')]);
  });

  it('ends with status 1 and names layer, index and both integers where the C++ computes something else', async (context) => {
    requireOracle(context, compiler);
    await cp(terminal.place('hls'), terminal.place('tampered'), { recursive: true });
    const [file] = (await readdir(terminal.place('tampered/src/layers'))).filter((name) => /^l2_.*\.cpp$/.test(name));
    const path = terminal.place('tampered/src/layers', file);
    const source = await readFile(path, 'utf8');
    const tampered = source.replace(/(= \{\s*\{?\s*)-7/, '$1-6');
    expect(tampered).not.toBe(source);
    await writeFile(path, tampered);

    const people = await terminal.qfx(['csim', 'tampered']);
    expect(people.exitCode).toBe(1);
    expect(people.stdout).toMatch(
      /^first mismatch: layer "\.\.\/\.\.\/ü\\u0000\\u000a#error", image \d+, index 0: expected -?\d+, actual -?\d+$/m,
    );
    const { exitCode, stdout } = await terminal.qfx(['csim', 'tampered', '--json']);
    const { mismatches, layers, firstMismatch } = JSON.parse(stdout) as Record<string, unknown>;
    expect([exitCode, mismatches]).toEqual([1, expect.any(Number)]);
    expect(layers).toEqual([
      { name: names[0], values: 16 * 784, mismatches: 0 },
      { name: names[1], values: 16 * 784, mismatches: 0 },
      { name: names[2], values: 16 * 10, mismatches },
    ]);
    expect(firstMismatch).toMatchObject({ layer: names[2], expected: expect.any(String), actual: expect.any(String) });
  });

  it('names the file that does not compile', async (context) => {
    requireOracle(context, compiler);
    await cp(terminal.place('hls'), terminal.place('uncompilable'), { recursive: true });
    const [file] = await readdir(terminal.place('uncompilable/src/layers'));
    await writeFile(terminal.place('uncompilable/src/layers', file), 'int main( {');
    const { exitCode, stdout, stderr } = await terminal.qfx(['csim', 'uncompilable']);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain(file);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(await terminal.leftovers()).toEqual([]);
  });
});
