import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import ts from 'typescript';
import { expect } from 'vitest';
import { saveGraph } from 'qfx';
import type { Graph } from 'qfx';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** What lies beside `dist` in the package. */
const besideSources = ['package.json', 'node_modules', 'templates', 'native', 'boards', 'examples'];

/**
 * A folder that looks like the installed package, with today's sources as JavaScript: a command line that starts fast.
 * Made once for each state of the sources.
 */
async function buildPackage(): Promise<string> {
  const sources = join(repository, 'src');
  const files = (await readdir(sources, { recursive: true })).filter((file) => file.endsWith('.ts')).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(sources, file), 'utf8')));
  const hash = createHash('sha256')
    .update(JSON.stringify([files, texts]))
    .digest('hex');
  const builds = join(repository, 'out', 'test-cli');
  const finished = join(builds, hash.slice(0, 16));
  if (existsSync(finished)) return finished;

  const partial = `${finished}-${randomBytes(4).toString('hex')}`;
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
  for (const [index, file] of files.entries()) {
    const output = join(partial, 'dist', file.replace(/\.ts$/, '.js'));
    await mkdir(dirname(output), { recursive: true });
    await writeFile(output, ts.transpileModule(texts[index], { compilerOptions }).outputText);
  }
  for (const name of besideSources) await symlink(join(repository, name), join(partial, name));
  // Another test file may have been first: its build is the same.
  await rename(partial, finished).catch(() => rm(partial, { recursive: true }));
  return finished;
}

/** How a command ended. */
interface Ending {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  /** Working folder; by default the bench's. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node, such as a memory limit. */
  readonly nodeOptions?: readonly string[];
}

/** A temporary folder in which `qfx` is run as users run it, as a process, with temporary and cache folders of its own. */
export class Terminal {
  private constructor(
    readonly folder: string,
    private readonly packageFolder: string,
  ) {}

  static async open(): Promise<Terminal> {
    const packageFolder = await buildPackage();
    const terminal = new Terminal(await mkdtemp(join(tmpdir(), 'qfx-test-cli-')), packageFolder);
    await mkdir(terminal.temporary);
    await mkdir(terminal.place('node_modules'));
    await symlink(packageFolder, terminal.place('node_modules/qfx'));
    return terminal;
  }

  place(...path: readonly string[]): string {
    return join(this.folder, ...path);
  }

  /** TMPDIR of the commands. */
  get temporary(): string {
    return this.place('temporary');
  }

  start(args: readonly string[], { cwd = this.folder, env = {}, nodeOptions = [] }: RunOptions = {}) {
    const main = join(this.packageFolder, 'dist', 'cli', 'main.js');
    return execa(process.execPath, [...nodeOptions, main, ...args], {
      cwd,
      reject: false,
      stdin: 'ignore',
      // As in a terminal: Ctrl-C reaches the whole group of processes.
      detached: true,
      env: {
        ...{ XDG_CACHE_HOME: this.place('cache'), TMPDIR: this.temporary, TEMP: this.temporary, TMP: this.temporary },
        ...{ QFX_DATA: '', QFX_CXX: '', FORCE_COLOR: undefined, NO_COLOR: undefined },
        ...env,
      },
    });
  }

  async qfx(args: readonly string[], options: RunOptions = {}): Promise<Ending> {
    const { exitCode, stdout, stderr } = await this.start(args, options);
    return { exitCode, stdout, stderr };
  }

  /** The document of a command that ends with status 0; everything that `--json` promises is checked. */
  async document(args: readonly string[], options: RunOptions = {}): Promise<Record<string, unknown>> {
    const { exitCode, stdout, stderr } = await this.qfx([...args, '--json'], options);
    expect([exitCode, stdout.slice(0, 1)], stderr).toEqual([0, '{']);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  async save(graph: Graph, file = 'graph.safetensors'): Promise<string> {
    await writeFile(this.place(file), saveGraph(graph));
    return file;
  }

  async write(file: string, content: string | Uint8Array): Promise<string> {
    await mkdir(dirname(this.place(file)), { recursive: true });
    await writeFile(this.place(file), content);
    return file;
  }

  /** Names in the folder (or one inside) other than what a terminal starts with. */
  async list(folder = '.'): Promise<string[]> {
    const names = await readdir(this.place(folder));
    return names.filter((name) => !['node_modules', 'temporary', 'cache'].includes(name)).sort();
  }

  /** What commands have left in the folder for temporary files; the cache of the TypeScript loader is its own. */
  async leftovers(): Promise<string[]> {
    return (await readdir(this.temporary)).filter((name) => !/^(tsx-|node-compile-cache)/.test(name));
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * A refusal as it should be: this status, one clear message on standard error that says all of `naming`, no stack trace,
 * nothing on standard output.
 */
export function expectRefusal(ending: Ending, status: 1 | 2, ...naming: readonly (string | RegExp)[]): void {
  const { exitCode, stdout, stderr } = ending;
  expect([exitCode, stdout], stderr).toEqual([status, '']);
  expect(stderr).toMatch(/^qfx: /m);
  expect(stderr, 'no stack trace').not.toMatch(/^\s+at /m);
  for (const part of naming) expect(stderr).toMatch(part);
}
