import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  locateInstallation,
  supportedPlatform,
  tensorflow,
  thisPlatform,
} from '../../src/autograd/native/installation.js';
import { tinyNetwork } from './networks.js';
import { Terminal } from './support.js';

let terminal: Terminal;
beforeAll(async () => {
  terminal = await Terminal.open();
  await terminal.save(tinyNetwork());
});
afterAll(() => terminal.close());

const commands = [
  'train',
  'quantize',
  'sweep',
  'export-hls',
  'csim',
  'eval',
  'inspect',
  'diagnose',
  'diff',
  'adders',
  'init',
  'setup',
  'doctor',
  'demo',
];

describe('help', () => {
  it('lists all commands, each once', async () => {
    const { exitCode, stdout, stderr } = await terminal.qfx(['--help']);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect([...stdout.matchAll(/^ {2}qfx (\S+) /gm)].map(([, command]) => command)).toEqual(commands);
  });

  it.each(commands)('of %s has examples and --json', async (command) => {
    const { exitCode, stdout, stderr } = await terminal.qfx([command, '--help']);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^Examples:\n  (QFX_CXX=npm )?qfx ${command}`, 'm'));
    expect(stdout).toMatch(/^ +--json .*standard output/m);
  });

  it.each(commands)('of %s fits a terminal of 80 columns without cutting a word', async (command) => {
    const narrow = ['--import', 'data:text/javascript,process.stdout.columns = 80'];
    const [help, wide] = await Promise.all([
      terminal.qfx([command, '--help'], { nodeOptions: narrow }),
      terminal.qfx([command, '--help']),
    ]);
    for (const line of help.stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    const words = (text: string) => text.split(/[\s[\]]+/).sort();
    expect(words(help.stdout)).toEqual(words(wide.stdout));
    const commandLines = /^ {2}(QFX_CXX=npm )?qfx .*$/gm;
    expect(help.stdout.match(commandLines)).toEqual(wide.stdout.match(commandLines));
  });

  it('is in English wherever the user is', async () => {
    const { stdout } = await terminal.qfx(['--help'], { env: { LC_ALL: 'de_DE.UTF-8', LANG: 'de_DE.UTF-8' } });
    expect(stdout).toContain('Show version number');
  });

  it('has a version, that of the package', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect(await terminal.qfx(['--version'])).toEqual({ exitCode: 0, stdout: version, stderr: '' });
  });
});

describe('wrong usage ends with status 2:', () => {
  const project = 'hls';
  it.each<readonly [args: readonly string[], message: RegExp]>([
    [[], /Name a command/],
    [['inspekt'], /inspect/],
    [['inspect'], /Not enough non-option arguments/],
    [['inspect', 'graph.safetensors', 'another'], /another/],
    [['inspect', 'graph.safetensors', '--fast'], /fast/],
    [['export-hls', 'graph.safetensors'], /out/],
    [['export-hls', 'graph.safetensors', '--out'], /out/],
    [['export-hls', 'graph.safetensors', '--out', project, '--vectors', '0'], /--vectors 0: a whole number from 1/],
    [['csim', project, '--images', '0'], /--images 0: a whole number from 1/],
    [['eval', 'graph.safetensors', '--workers', '0'], /--workers 0: a whole number from 1/],
    [['csim', project, '--images', '-1'], /--images -1: a whole number from 1/],
    [['csim', project, '--images', '1.5'], /--images 1.5: a whole number from 1/],
    [['csim', project, '--images', 'abc'], /--images abc: a whole number from 1/],
    [['csim', project, '--images='], /--images : a whole number from 1/],
    [['csim', project, '--layers-for', '0'], /--layers-for 0: a whole number from 1/],
    [['train', 'run.ts', '--epochs', '0'], /--epochs 0: a whole number from 1/],
    [['train', 'run.ts', '--backend', 'cuda'], /backend.*auto.*wasm.*node/s],
    [['setup'], /Not enough non-option arguments/],
    [['setup', 'cuda'], /tfjs-node/],
    [['train', 'run.ts', '--workers', '0'], /--workers 0: a whole number from 1/],
    [['eval', 'graph.safetensors'], /does not say what it was trained on.*--data-set/],
    [['eval', 'graph.safetensors', '--data-set', 'imagenet'], /imagenet/],
  ])('%j', async (args, message) => {
    const { exitCode, stdout, stderr } = await terminal.qfx(args);
    expect([exitCode, stdout], stderr).toEqual([2, '']);
    expect(stderr).toMatch(/^qfx: /);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(await terminal.list()).toEqual(['graph.safetensors']);
  });

  it.each([
    ['inspect', '--json'],
    ['inspect', 'nothing', '--fast', '--json'],
    ['eval', 'graph.safetensors', '--json'],
  ])('with --json there is a document, too: %s %s', async (...args) => {
    const { exitCode, stdout } = await terminal.qfx(args);
    expect(exitCode).toBe(2);
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual(['error']);
  });

  it('the last of an option that is given twice counts', async () => {
    const args = ['export-hls', 'graph.safetensors', '--out', 'first', '--out', 'second', '--json'];
    await terminal.document(args.slice(0, -1));
    expect(await terminal.list()).toEqual(['graph.safetensors', 'second']);
  });
});

it.each<readonly [args: readonly string[], advice: string]>([
  [[], 'npx qfx --help'],
  [['inspekt'], 'npx qfx --help'],
  [['train'], 'npx qfx train --help'],
  [['--json', 'csim', 'hls', '--images', 'abc'], 'npx qfx csim --help'],
  [['eval', 'graph.safetensors'], 'npx qfx eval --help'],
])('wrong usage says which help to read: %j', async (args, advice) => {
  const { stderr } = await terminal.qfx(args);
  expect(stderr.split('\n').at(-1)).toBe(`Try: ${advice}`);
});

describe('what is written where', () => {
  it('--json: one document on standard output', async () => {
    const document = await terminal.document(['inspect', 'graph.safetensors']);
    expect(document).toEqual({
      name: 'tiny',
      outputs: ['scores'],
      layers: [
        expect.objectContaining({ name: 'image', operation: 'input', shape: [2, 2, 1], multiplications: 0 }),
        expect.objectContaining({ name: 'flat', operation: 'flatten', shape: [4], parameters: 0 }),
        expect.objectContaining({
          ...{ name: 'scores', operation: 'dense', shape: [3], multiplications: 12, parameters: 12, parameterBits: 48 },
          ...{ exactType: expect.anything(), outputType: expect.objectContaining({ wordLength: 16, binaryPoint: 4 }) },
        }),
      ],
      multiplications: 12,
      shiftAdds: 0,
      adders: 0,
      bitOperations: 12 * 4 * 8,
      parameters: 12,
      parameterBits: 48,
      prunedChannels: {},
      provenance: {},
    });
  });

  it('for people: a table, without colours where there is no terminal', async () => {
    const { stdout } = await terminal.qfx(['inspect', 'graph.safetensors']);
    expect(stdout).toMatch(/^tiny: 12 multiplications an image, 384 bit operations, 12 parameters in 48 bits$/m);
    expect(stdout).toMatch(/^ scores +dense +3 +s\d+\.\d+ +s16\.4 RND SAT +12 +0 +384 +12 +48 *$/m);
    const doctor = await terminal.qfx(['doctor']);
    expect(stdout + doctor.stdout + doctor.stderr).not.toContain('\u001b');
  });

  it('a reader that has read enough ends the command quietly', async () => {
    const child = terminal.start(['inspect', 'graph.safetensors']);
    child.stdout.destroy();
    const { stderr } = await child;
    expect(stderr).toBe('');
  });
});

describe('doctor', () => {
  it('says what there is, what it is for, and how to get the rest', async () => {
    const env = { QFX_DATA: terminal.place('nowhere'), XDG_CACHE_HOME: terminal.place('nowhere'), PATH: '' };
    const document = await terminal.document(['doctor'], {
      env: { ...env, TF_NUM_INTRAOP_THREADS: '3', QFX_PEERS: 'p' },
    });
    const { environment } = document;
    expect(document.node).toBe(process.version);
    // All variables of docs/errors.md.
    const page = await readFile('docs/errors.md', 'utf8');
    const documented = [...page.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, name]) => name);
    expect(Object.keys(environment as object).sort()).toEqual(documented.sort());
    expect(environment).toMatchObject({ QFX_DATA: env.QFX_DATA, TF_NUM_INTRAOP_THREADS: '3', QFX_PEERS: 'p' });
    const findings = document.findings as { name: string; found: boolean; enables: string; remedy?: string }[];
    const found = Object.fromEntries(findings.map(({ name, found }) => [name, found]));
    expect(found).toEqual({
      ...{ 'C++ compiler': false, 'C++ compiler from npm': true, 'training backend': true },
      ...{ 'native training backend': false, 'data set mnist': true, 'data set cifar10': false },
      ...{ vitis_hls: false, 'vitis-run': false, make: false },
    });
    for (const { name, found, enables, remedy } of findings) {
      expect(enables).not.toBe('');
      const canBeHad = name !== 'native training backend' || `${process.platform}-${process.arch}` === 'linux-x64';
      expect(remedy !== undefined, name).toBe(!found && canBeHad);
    }
  });
});

describe.runIf(thisPlatform() === supportedPlatform)('a native backend that is damaged', () => {
  let env: Readonly<Record<string, string>>;
  beforeAll(async () => {
    const cache = terminal.place('damaged');
    const { library, binding } = locateInstallation(join(cache, 'qfx', 'tfjs-node'));
    for (const file of [...tensorflow.libraries.map((name) => join(library, name)), binding]) {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, '');
    }
    env = { XDG_CACHE_HOME: cache, PATH: '' };
  });

  it('is not found by doctor', async () => {
    const { findings } = await terminal.document(['doctor'], { env });
    const finding = (findings as { name: string }[]).find(({ name }) => name === 'native training backend');
    expect(finding).toMatchObject({
      found: false,
      detail: expect.stringMatching(/damaged.*, but does not work: .*file too short/) as string,
      remedy: 'qfx setup tfjs-node',
    });
  });

  it('is refused by train, which takes wasm for "auto" only where there is none', async () => {
    await terminal.write(
      'empty/run.ts',
      `const none = { images: new Uint8Array(0), labels: new Uint8Array(0) };
       const data = () => ({ name: 'void', classes: ['a'], shape: [1, 1, 1], train: none, test: none, checksum: '' });
       export default { name: 'a', data, model: () => null };`,
    );
    const train = (backend: string, variables: Readonly<Record<string, string>> = {}) =>
      terminal.qfx(['train', 'run.ts', '--backend', backend], { cwd: terminal.place('empty'), env: variables });
    for (const backend of ['auto', 'node']) {
      const { exitCode, stderr } = await train(backend, env);
      expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^qfx: backend "node": does not load: .*setup/)]);
    }
    // It gets as far as the data.
    expect((await train('auto')).stderr).toContain('data set "void", train: is empty');
    expect((await train('node')).stderr).toMatch(/^qfx: backend "node": is not set up for this version of QFX/);
  });
});

describe('init', () => {
  const files = ['README.md', 'network.ts', 'package.json', 'tsconfig.json'];

  it('makes a project named after its folder', async () => {
    const document = await terminal.document(['init', 'deep/My Net!']);
    expect(document).toMatchObject({ folder: terminal.place('deep/My Net!'), name: 'my-net' });
    expect(await terminal.list('deep/My Net!')).toEqual(files);
    const text = await readFile(terminal.place('deep/My Net!/package.json'), 'utf8');
    const written = JSON.parse(text) as { dependencies: { qfx: string } };
    expect(written).toMatchObject({ name: 'my-net', private: true, type: 'module' });
    // This QFX is not one that npm has installed by its version: its folder serves.
    const [, folder] = /^file:(\/.*)$/.exec(written.dependencies.qfx) ?? [];
    expect(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))).toMatchObject({ name: 'qfx' });
    const again = await terminal.qfx(['init', 'deep/My Net!']);
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toMatch(/^qfx: .*network\.ts: is already there/);
  });

  it('says what to do next, to be pasted', async () => {
    const { stdout } = await terminal.qfx(['init', 'deep/Next time']);
    expect(stdout).toMatch(/\n\nNext:\n {2}cd 'deep\/Next time'\n {2}npm install\n {2}npx qfx train network\.ts$/);
  });

  it('keeps a package.json that is there', async () => {
    await terminal.write('own/package.json', '{ "name": "own" }');
    const { exitCode, stdout } = await terminal.qfx(['init', '.'], { cwd: terminal.place('own') });
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toMatch(/Next:\n {2}npm install qfx@file:\/.*\n {2}npx qfx train/);
    expect(await readFile(terminal.place('own/package.json'), 'utf8')).toBe('{ "name": "own" }');
    expect(await terminal.list('own')).toEqual(files);
  });

  it('writes nothing where its network.ts would replace one', async () => {
    const mine = join('taken', 'network.ts');
    await terminal.write(mine, 'mine');
    const { exitCode, stderr } = await terminal.qfx(['init', 'taken']);
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/network\.ts: is already there/)]);
    expect(await terminal.list('taken')).toEqual(['network.ts']);
    expect(await readFile(terminal.place(mine), 'utf8')).toBe('mine');
  });

  it('says what is in its way', async () => {
    await terminal.write('file', '');
    const { exitCode, stderr } = await terminal.qfx(['init', 'file']);
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^qfx: .*file/)]);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
