import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Network } from '../../src/qfx/execute/network.js';
import { findApTypes, findCompiler, requireOracle } from '../support/oracles.js';
import { smallNetwork } from './network.js';
import { edit, Workbench } from './project.js';

const graph = smallNetwork();
const network = new Network(graph);
const compiler = findCompiler();
let bench: Workbench;

beforeAll(async () => void (bench = await Workbench.open(graph)));
afterAll(() => bench.close());

/** Values of one image in all layers. */
const valuesInside = graph.nodes.reduce(
  (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
  0,
);

describe('a C simulation with a native compiler', () => {
  it('agrees with the executor in every layer, on the stored vectors', async (context) => {
    requireOracle(context, compiler);
    const result = await bench.simulate(bench.project);
    expect(result.firstMismatch).toBeUndefined();
    expect(result).toMatchObject({ images: 16, mismatches: 0, valuesCompared: 16 * valuesInside });
    expect(result.imagesByHardwareLoops).toBe(16);
    expect(result.layers.map(({ name }) => name)).toEqual(graph.nodes.map(({ name }) => name));
    expect(result.compiler).toMatch(/g\+\+|clang/);
  });

  it('compares layers on the first images and outputs on all, split over processes', async (context) => {
    requireOracle(context, compiler);
    const progress: string[] = [];
    const result = await bench.simulate(bench.project, {
      images: 100,
      layersFor: 60,
      seed: 7,
      onProgress: (stage, done, total) => progress.push(`${stage} ${done}/${total}`),
    });
    expect(result).toMatchObject({ images: 100, mismatches: 0, valuesCompared: 60 * (valuesInside - 5) + 100 * 5 });
    for (const last of ['vectors 100/100', 'simulate 100/100']) expect(progress).toContain(last);
    expect(progress.find((line) => line.startsWith('compile'))).toBeDefined();
  });

  it('returns the outputs that the C++ computed', async (context) => {
    requireOracle(context, compiler);
    const reused = new Uint8Array(96); // for every image
    const image = (index: number) => {
      for (let position = 0; position < 96; position++) reused[position] = (index * 31 + position * 7) % 256;
      return reused;
    };
    const { outputs, mismatches } = await bench.simulate(bench.project, { inputs: { count: 40, image }, layersFor: 1 });
    expect(mismatches).toBe(0);
    const [{ layer, valuesPerImage, simulated }] = outputs;
    expect([layer, valuesPerImage, simulated.length]).toEqual(['scores', 5, 200]);
    for (const index of [0, 19, 39]) {
      const { scores } = network.run(image(index), { layers: false }).outputs;
      expect(Array.from(simulated.subarray(5 * index, 5 * index + 5), Number)).toEqual([...scores.raw]);
    }
  });

  it('compares all of several outputs, also those that are read inside', async (context) => {
    requireOracle(context, compiler);
    const other = await Workbench.open(smallNetwork(['pool', 'scores']));
    try {
      const result = await other.simulate(other.project, { cacheFolder: bench.cacheFolder, images: 33, layersFor: 1 });
      expect(result).toMatchObject({ mismatches: 0, valuesCompared: valuesInside - 53 + 33 * (48 + 5) });
      expect(result.outputs.map(({ layer, simulated }) => [layer, simulated.length])).toEqual([
        ['pool', 33 * 48],
        ['scores', 33 * 5],
      ]);
    } finally {
      await other.close();
    }
  });

  it("agrees with AMD's headers, too", async (context) => {
    requireOracle(context, compiler);
    const headers = requireOracle(context, findApTypes());
    const result = await bench.simulate(bench.project, { headers, images: 40 });
    expect(result).toMatchObject({ images: 40, mismatches: 0, valuesCompared: 40 * valuesInside });
    expect(result.imagesByHardwareLoops).toBe(40);
    await expect(bench.simulate(bench.project, { headers, hardwareLoops: 16 })).rejects.toThrow(
      "hardwareLoops: 16; with AMD's headers all images run the hardware's loops",
    );
  });
});

describe("the hardware's loops and the faster sums", () => {
  /** Leaves the last product of a sum out. */
  const broken = {
    'include/qfx/weighted_window.h': [
      'total += product<weight_t>(factor',
      'if (s + 1 < table::input_steps || i + 1 < multiply_lanes) $&',
    ],
    'include/qfx/dense.h': [
      'total += product<weight_t>(words[s][i]',
      'if (s + 1 < input_steps || i + 1 < input_lanes) $&',
    ],
    'simulation/qfx_sums.h': ['k < FACTORS; ++k', 'k + 1 < FACTORS; ++k'],
  } as const;
  const tamper = (file: keyof typeof broken) => {
    const [before, after] = broken[file];
    return bench.edited(file, before, after);
  };

  it.for([
    [undefined, 16],
    [0, 0],
    [3, 3],
    ['all', Infinity],
  ] as const)('run for as many images of each process as asked: %s', async ([hardwareLoops, each], context) => {
    requireOracle(context, compiler);
    const images = 100;
    const processes = Math.min(availableParallelism(), Math.floor(images / 16));
    const result = await bench.simulate(bench.project, { images, layersFor: 50, hardwareLoops });
    expect(result).toMatchObject({ mismatches: 0, imagesByHardwareLoops: Math.min(images, each * processes) });
  });

  it.for([
    ['include/qfx/weighted_window.h', 'block 1/conv'],
    ['include/qfx/dense.h', 'scores'],
  ] as const)("differ where the hardware's loop of %s is broken", async ([file, layer], context) => {
    requireOracle(context, compiler);
    const project = await tamper(file);
    const stored = await bench.simulate(project);
    expect(stored.mismatches).toBeGreaterThan(0);
    expect(stored.firstMismatch).toMatchObject({ layer });
    expect((await bench.simulate(project, { images: 40 })).firstMismatch).toMatchObject({ layer });
    expect(await bench.simulate(project, { images: 40, hardwareLoops: 0 })).toMatchObject({ mismatches: 0 });
  });

  it('differ where the faster sums are broken, once there are more images', async (context) => {
    requireOracle(context, compiler);
    const project = await tamper('simulation/qfx_sums.h');
    expect(await bench.simulate(project)).toMatchObject({ mismatches: 0 });
    const more = await bench.simulate(project, { images: 40 });
    expect(more.mismatches).toBeGreaterThan(0);
    expect(more.firstMismatch).toMatchObject({ layer: 'block 1/conv', image: 16 });
    expect(await bench.simulate(project, { images: 40, hardwareLoops: 'all' })).toMatchObject({ mismatches: 0 });
  });

  it('are no choice where QFX_HARDWARE_LOOPS is defined', async (context) => {
    requireOracle(context, compiler);
    const project = await bench.edited('include/qfx/raw.h', '#define QFX_RAW_H', '$&\n#define QFX_HARDWARE_LOOPS');
    expect((await bench.runTestbench(project)).stdout).toMatch(/^16 images, 16 of them by the hardware's loops: /);
    expect((await bench.runTestbench(project, ['--hardware-loops', 'all'])).exitCode).toBe(0);
    const { exitCode, stderr } = await bench.runTestbench(project, ['--hardware-loops', '3']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("--hardware-loops 3: this program has the hardware's loops alone");
  });

  it.for([-1, 0.5])('are refused for %s images', async (hardwareLoops) => {
    await expect(bench.simulate(bench.project, { hardwareLoops })).rejects.toThrow(
      `hardwareLoops: ${hardwareLoops}; allowed: a whole number from 0 on, or all`,
    );
  });
});

describe('the testbench by itself', () => {
  it('finds its vectors from a folder below, compares all layers, and says so', async (context) => {
    requireOracle(context, compiler);
    const { exitCode, stdout, stderr } = await bench.runTestbench(bench.project);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      `16 images, 16 of them by the hardware's loops: ${16 * (valuesInside + 5)} values compared (${16 * valuesInside} of them inside the network), 0 mismatches`,
    );
  });

  it('compares outputs alone where there are no taps', async (context) => {
    requireOracle(context, compiler);
    const { exitCode, stdout } = await bench.runTestbench(bench.project, [
      '--outputs-only',
      '--first',
      '4',
      '--images',
      '2',
    ]);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      "2 images, 2 of them by the hardware's loops: 10 values compared (0 of them inside the network), 0 mismatches",
    );
  });

  it('explains its options', async (context) => {
    requireOracle(context, compiler);
    const { exitCode, stdout } = await bench.runTestbench(bench.project, ['--help']);
    expect(exitCode).toBe(0);
    for (const option of [
      'vectors',
      'report',
      'outputs',
      'first',
      'images',
      'outputs-only',
      'hardware-loops',
      'help',
    ]) {
      expect(stdout).toContain(`--${option} `);
    }
  });

  it.for([
    [['--images', '0'], 'no values were compared'],
    [['--images', '17'], 'image 16 wanted, there are 16'],
    [['--images', 'x'], '--images takes a number, found: x'],
    [['--hardware-loops', 'none'], '--hardware-loops takes a number or all, found: none'],
    [['--first', '16'], 'no values were compared'],
    [['--first'], '--first takes a value'],
    [['--fast'], 'unknown option --fast'],
    [['--vectors', 'nowhere'], 'cannot open nowhere/vectors.txt'],
    [['--report', 'nowhere/report.json'], "the report can't be written to nowhere/report.json"],
    [['--outputs', 'nowhere'], 'no outputs can be written to nowhere'],
  ] as const)('refuses %s', async ([args, message], context) => {
    requireOracle(context, compiler);
    const { exitCode, stderr } = await bench.runTestbench(bench.project, args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`testbench: ${message}`);
  });
});

describe('a broken project', () => {
  const top = 'src/qfx_small_network.cpp';
  const writeOutput = /(qfx::write_axis<data_out_config>\(\w+, data_out\);)/;
  /** Changes every word that has come out. */
  const onWords = (change: string) =>
    `$1\n  for (int k = data_out.size(); k > 0; --k) { data_out_axis_t word = data_out.read(); ${change} data_out.write(word); }`;
  const tapOfShortcut = /(QFX_TAP\(6, (\w+), \d+\);)/;

  it('with another weight: the layer, image, index and both integers are named', async (context) => {
    requireOracle(context, compiler);
    const project = await bench.copied();
    const file = join(project, 'src/layers/l5_conv_2.cpp');
    const source = await readFile(file, 'utf8');
    const table = source.indexOf('_weights[');
    const weight = /\{(-?\d+)/.exec(source.slice(table + source.slice(table).indexOf('= {') + 3))![1];
    const other = Number(weight) === 7 ? 6 : Number(weight) + 1;
    await writeFile(file, source.slice(0, table) + source.slice(table).replace(`{${weight}`, `{${other}`));

    const { mismatches, layers, firstMismatch, outputs } = await bench.simulate(project);
    const alone = await bench.runTestbench(project);
    expect(alone.exitCode).toBe(1);
    expect(mismatches).toBeGreaterThan(0);
    expect(layers.filter((layer) => layer.mismatches > 0).map(({ name }) => name)).toEqual([
      'conv 2',
      'shortcut',
      'flat',
      'scores',
    ]);
    const { layer, isOutput, image, index, expected, actual } = firstMismatch!;
    expect([layer, isOutput]).toEqual(['conv 2', false]);
    const input = await readFile(join(project, 'testbench/vectors/input.bin'));
    const values = network.run(input.subarray(96 * image, 96 * (image + 1))).layers['conv 2'].raw;
    expect(Number(expected)).toBe(values[index]);
    expect(actual).not.toBe(expected);
    expect(alone.stderr).toBe(
      `MISMATCH: layer "conv 2", image ${image}, index ${index}: expected ${expected}, actual ${actual}`,
    );
    const differing = outputs[0].simulated.filter((value, position) => value !== outputs[0].expected[position]).length;
    expect(differing).toBeGreaterThan(0);
    // Tapped before they came out: they count once.
    expect(layers.at(-1)).toEqual({ name: 'scores', values: 16 * 5, mismatches: differing });
  });

  const cases: readonly (readonly [
    what: string,
    file: string,
    before: string | RegExp,
    after: string,
    message: RegExp,
  ])[] = [
    ['no TLAST', top, writeOutput, onWords('word.last = false;'), /port data_out: no TLAST on word (\d+) of \1$/],
    ['TLAST on every word', top, writeOutput, onWords('word.last = true;'), /port data_out: TLAST on word 1 of/],
    ['no TKEEP', top, writeOutput, onWords('word.keep = 0;'), /port data_out: TKEEP leaves bytes out of word 1/],
    [
      'a missing output word',
      top,
      writeOutput,
      '$1\n  data_out.read();',
      /port data_out: .*TLAST|word \d+ of \d+ is missing/,
    ],
    ['another output word', top, writeOutput, '$1\n  data_out.write({});', /port data_out: the stream holds more than/],
    [
      'unread input',
      top,
      writeOutput,
      '$1\n  data_in.write({});',
      /port data_in: the network has left words of the image/,
    ],
    [
      'a value left in a stream',
      top,
      tapOfShortcut,
      '$2.write($2.read());\n  $2.write({});\n  $1',
      /layer "shortcut": its stream holds more/,
    ],
    ['a value left behind a tap', top, tapOfShortcut, '$1\n  $2.write({});', /still holds data/],
    [
      'a value lost before a tap',
      top,
      tapOfShortcut,
      '$2.read();\n  $1',
      /layer "shortcut": its stream ended after \d+ of \d+ words/,
    ],
    ['a read from an empty stream', top, tapOfShortcut, '$1\n  $2.read();', /read while empty/],
    ['a layer without tap', top, tapOfShortcut, '', /layer "shortcut": no tap reported its values/],
    [
      'a tap of half a layer',
      top,
      /QFX_TAP\(6, (\w+), \d+\);/,
      'QFX_TAP(6, $1, 1); $1.read();',
      /layer "shortcut": its stream holds more/,
    ],
    ['a crash', top, tapOfShortcut, '$1\n  __builtin_trap();', /it crashed: .*SIG(ILL|TRAP|ABRT)/],
    ['an exit in the middle', top, tapOfShortcut, '$1\n  std::_Exit(0);', /stopped with status 0 before its end/],
    [
      'a compile error',
      top,
      tapOfShortcut,
      '$1\n  this is not C++;',
      /^src\/qfx_small_network.cpp: does not compile with .*\n.*error:/s,
    ],
    [
      'a link error',
      top,
      tapOfShortcut,
      '$1\n  extern void nowhere();\n  nowhere();',
      /does not compile with .*nowhere/s,
    ],
    [
      'a testbench that lies about its end',
      'testbench/testbench.cpp',
      'return testbench.finish();',
      'testbench.finish();\n  return 1;',
      /reports 0 mismatches, but ends with status 1/,
    ],
    [
      'a testbench that does not run the loops it is asked to',
      'include/qfx/testbench/checker.h',
      'if (by_hardware_loops) ++hardware_loops_;',
      '',
      /reports 0 images by the hardware's loops, not 16/,
    ],
    [
      'a report that is cut off',
      'include/qfx/testbench/report.h',
      '\\"complete\\": true\\n}',
      '',
      /its report is cut off/,
    ],
    [
      'a count of fewer values',
      'include/qfx/testbench/comparison.h',
      '++total.values;',
      'total.values = 1;',
      /values were compared, not/,
    ],
  ];

  it.for(cases)('with %s is a failure of its own', async ([, file, before, after, message], context) => {
    requireOracle(context, compiler);
    const project = await bench.edited(file, before, after);
    await expect(bench.simulate(project)).rejects.toThrow(message);
  });
});

describe("AMD's streams, which only print warnings", () => {
  it.for([
    ['read while empty', '$1\n  $2.read();', /read while empty/],
    ['left with a value', '$1\n  $2.write($2.read()); $2.write({});', /leftover data/],
  ] as const)('%s are a failure', async ([, after, message], context) => {
    requireOracle(context, compiler);
    const headers = requireOracle(context, findApTypes());
    const project = await bench.edited('src/qfx_small_network.cpp', /(QFX_TAP\(8, (\w+), \d+\);)/, after);
    await expect(bench.simulate(project, { headers })).rejects.toThrow(message);
  });
});

describe('an interruption', () => {
  const endless = /(QFX_TAP\(6, (\w+), \d+\);)/;

  it.for(['compile', 'vectors', 'simulate'] as const)(
    'of "%s" ends everything and leaves nothing',
    async (stage, context) => {
      requireOracle(context, compiler);
      const project = await bench.edited(
        'src/qfx_small_network.cpp',
        endless,
        `$1\n  // ${stage}\n  for (volatile int k = 0; k < 1; ) {}`,
      );
      const temporary = await mkdtemp(join(tmpdir(), 'qfx-test-interruption-'));
      vi.stubEnv('TMPDIR', temporary);
      const abort = new AbortController();
      // The simulation says nothing: it never ends its first image.
      const onProgress = (at: string, done: number, total: number) => {
        const reached = at === stage || (stage === 'simulate' && at === 'compile' && done === total);
        if (reached) setTimeout(() => abort.abort(new Error('enough')), 300);
      };
      const images = stage === 'vectors' ? 100_000 : 16;
      await expect(bench.simulate(project, { images, onProgress, signal: abort.signal })).rejects.toThrow('enough');
      expect(await readdir(temporary)).toEqual([]);
      expect((await readdir(bench.cacheFolder)).filter((name) => name.startsWith('build-'))).toEqual([]);
      vi.unstubAllEnvs();
      await rm(temporary, { recursive: true });
    },
  );
});

describe('broken vectors', () => {
  const vectors = 'testbench/vectors';
  it.for([
    ['input.bin', 'cannot open|no such file'],
    ['layer-l3_relu.bin', 'cannot open'],
    ['output-data_out.bin', 'cannot open'],
    ['vectors.txt', 'no test vectors'],
  ])('without %s', async ([file, message], context) => {
    requireOracle(context, compiler);
    const project = await bench.copied();
    await rm(join(project, vectors, file));
    await expect(bench.simulate(project)).rejects.toThrow(new RegExp(message));
  });

  it.for(['input.bin', 'layer-l3_relu.bin', 'output-data_out.bin'])('with %s cut off', async (file, context) => {
    requireOracle(context, compiler);
    const project = await bench.copied();
    await truncate(join(project, vectors, file), 70);
    await expect(bench.simulate(project)).rejects.toThrow(/has 70 bytes, expected \d+/);
  });

  it('with a list that is cut off, of another network, without images or without outputs', async (context) => {
    requireOracle(context, compiler);
    for (const [before, after, message] of [
      ['end\n', '', /cut off/],
      ['images 16', 'images 0', /not a list of test vectors/],
      [/output .*\n/, '', /no output vectors/],
      [/layer 3 16 \d+/, 'layer 3 16 7', /vectors of another network: layer 3/],
      ['layer 3 16', 'layer 3 17', /wrong number of images: layer 3/],
      ['layer 3', 'layer 2', /listed twice|another network/],
    ] as const) {
      const project = await bench.copied();
      await edit(join(project, vectors, 'vectors.txt'), before, after);
      await expect(bench.simulate(project)).rejects.toThrow(message);
    }
  });

  it('with one wrong expected value: it is found', async (context) => {
    requireOracle(context, compiler);
    const project = await bench.copied();
    const file = join(project, vectors, 'output-data_out.bin');
    const bytes = await readFile(file);
    bytes[2 * (5 * 9 + 3)] ^= 1;
    await writeFile(file, bytes);
    const { mismatches, firstMismatch } = await bench.simulate(project);
    expect(mismatches).toBe(1);
    expect(firstMismatch).toMatchObject({ layer: 'scores', isOutput: true, image: 9, index: 3 });
  });

  it('with one wrong expected value, and a testbench that does not see it: the outputs are counted again', async (context) => {
    requireOracle(context, compiler);
    const project = await bench.edited(
      'include/qfx/testbench/comparison.h',
      'if (raw[k] == expected) continue;',
      'continue;',
    );
    const file = join(project, vectors, 'output-data_out.bin');
    const bytes = await readFile(file);
    bytes[0] ^= 1;
    await writeFile(file, bytes);
    await expect(bench.simulate(project)).rejects.toThrow(
      'output "scores": the testbench counts 0 mismatches, the values that came out have 1',
    );
  });
});
