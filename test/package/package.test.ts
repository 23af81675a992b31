import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCompiler, requireOracle } from '../support/oracles.js';
import type { Oracle } from '../support/oracles.js';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** What a clone holds that the package is made from. */
const cloned = [
  ...[
    'bin',
    'boards',
    'docs',
    'examples',
    'native',
    'scripts',
    'src',
    'templates',
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
  ],
  ...['README.md', 'LICENSE', 'CHANGELOG.md'],
];

const registryErrors = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED|network/;

let folder: string;
let clone: string;
let user: string;
let packed: readonly string[] = [];
let installed: Oracle = { name: 'the npm registry', missing: 'not asked yet' };

const npm = (cwd: string, ...args: string[]) => execa('npm', args, { cwd, reject: false, stdin: 'ignore' });
const npx = (cwd: string, ...args: string[]) => npm(cwd, 'exec', '--offline', '--', ...args);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qfx-test-package-'));
  [clone, user] = [join(folder, 'clone'), join(folder, 'user')];
  for (const name of cloned) await cp(join(repository, name), join(clone, name), { recursive: true });
  // Published where there are results to report.
  const results = join('results', 'README.md');
  if (existsSync(join(repository, results))) await cp(join(repository, results), join(clone, results));
  await symlink(join(repository, 'node_modules'), join(clone, 'node_modules'), 'junction');
  await mkdir(join(clone, 'dist/cli'), { recursive: true });
  await writeFile(join(clone, 'dist/cli/of-an-older-build.js'), '');

  const pack = await npm(clone, 'pack', '--json');
  expect(pack.exitCode, pack.stderr).toBe(0);
  // What scripts print stands before the document.
  const [{ filename, files }] = JSON.parse(pack.stdout.slice(pack.stdout.search(/^\[$/m))) as [
    { filename: string; files: { path: string }[] },
  ];
  packed = files.map(({ path }) => path).sort();

  await mkdir(user);
  await writeFile(join(user, 'package.json'), '{ "private": true }');
  const flags = ['--prefer-offline', '--no-audit', '--no-fund'];
  const install = await npm(user, 'install', ...flags, join(clone, filename));
  if (install.exitCode === 0) installed = { name: installed.name, path: user };
  else if (registryErrors.test(install.stderr)) installed = { name: installed.name, missing: install.stderr };
  else throw new Error(install.stderr);
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the package', () => {
  it('holds what is needed, and no more', async () => {
    const own =
      /^(bin\/qfx\.js|dist\/.*\.(js|d\.ts)|(boards|docs|examples|native|templates)\/.*|(results\/)?[A-Z]+(\.md)?|package\.json)$/;
    expect(packed.filter((path) => !own.test(path))).toEqual([]);
    const sources = packed.filter((path) => path.startsWith('dist/')).map((path) => path.replace(/^dist\//, 'src/'));
    for (const path of sources)
      expect(existsSync(join(repository, path.replace(/(\.d)?\.(js|ts)$/, '.ts'))), path).toBe(true);
    for (const place of ['boards', 'templates', 'native', 'examples', 'docs']) {
      const entries = await readdir(join(repository, place), { recursive: true, withFileTypes: true });
      expect(packed.filter((path) => path.startsWith(`${place}/`)).length, place).toBe(
        entries.filter((entry) => entry.isFile()).length,
      );
    }
    expect(packed).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'CHANGELOG.md', 'examples/mnist/demo.ts']));
  });

  it('runs as npx qfx where it was cloned', async () => {
    const { version } = JSON.parse(await readFile(join(clone, 'package.json'), 'utf8')) as { version: string };
    const { stdout, stderr } = await npx(clone, 'qfx', '--version');
    expect(stdout, stderr).toBe(version);
  });
});

describe('installed from its file into an empty folder', () => {
  const project = () => join(user, 'my-net');

  it('has a command line, and makes a project whose types are right', async (context) => {
    requireOracle(context, installed);
    const { version } = JSON.parse(await readFile(join(clone, 'package.json'), 'utf8')) as { version: string };
    expect((await npx(user, 'qfx', '--version')).stdout).toBe(version);
    const made = await npx(user, 'qfx', 'init', 'my-net');
    expect(made.exitCode, made.stderr).toBe(0);
    const own = JSON.parse(await readFile(join(project(), 'package.json'), 'utf8')) as { dependencies: object };
    expect(own.dependencies).toEqual({ qfx: `^${version}` });

    // The network of the project, on few images.
    await writeFile(
      join(project(), 'quick.ts'),
      `import { defineRun } from 'qfx/autograd';
       import { loadData } from 'qfx/data';
       import type { DataSet, ImagePart } from 'qfx/data';
       import { loadGraph } from 'qfx';
       import type { Graph } from 'qfx';
       import { exportHls } from 'qfx/hls';
       import run from './network.js';
       export type Used = [Graph, typeof loadGraph, typeof exportHls];
       const some = ({ images, labels }: ImagePart, count: number): ImagePart =>
         ({ images: images.slice(0, count * 784), labels: labels.slice(0, count) });
       const data = async (): Promise<DataSet> => {
         const mnist = await loadData('mnist');
         return { ...mnist, train: some(mnist.train, 1500), test: some(mnist.test, 200) };
       };
       const learningRate = { schedule: 'constant', rate: 0.005 } as const;
       const training = { ...run.training, epochs: 1, batchSize: 16, learningRate };
       export default defineRun({ ...run, name: 'quick', data, training });`,
    );
    const compiler = join(repository, 'node_modules/typescript/bin/tsc');
    const types = await execa(process.execPath, [compiler, '-p', project()], { reject: false });
    expect(types.stdout).toBe('');
    expect(types.exitCode).toBe(0);
  });

  it('trains and exports that project, and simulates it without a mismatch', async (context) => {
    requireOracle(context, installed);
    const qfx = async (...args: string[]) => {
      const { exitCode, stdout, stderr } = await npx(project(), 'qfx', ...args, '--json');
      expect(exitCode, stderr + stdout).toBe(0);
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    const trained = await qfx('train', 'quick.ts');
    expect(trained).toMatchObject({ graph: join('out', 'quick', 'model.safetensors'), images: 200 });
    const { trained: accuracy } = trained.accuracy as { trained: number };
    expect(accuracy).toBeGreaterThan(0.3);
    await qfx('export-hls', 'out/quick/model.safetensors', '--out', 'hls');
    requireOracle(context, findCompiler());
    const { mismatches, images } = await qfx('csim', 'hls', '--data-set', 'mnist', '--images', '20');
    expect([images, mismatches]).toEqual([20, 0]);
  });

  it('finds the network of qfx demo', async (context) => {
    requireOracle(context, installed);
    const script = `import { loadRunDescription } from 'qfx/autograd';
      const run = await loadRunDescription('node_modules/qfx/examples/mnist/demo.ts');
      console.log(run.name);`;
    const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', script], { cwd: user });
    expect(stdout).toBe('demo');
  });
});
