import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { exportHls } from '../../src/hls-codegen/export-hls.js';
import { parseProjectDescription, projectFileName } from '../../src/hls-codegen/project-description.js';
import { BuildCache } from '../../src/hls-codegen/simulate/build-cache.js';
import { build } from '../../src/hls-codegen/simulate/build.js';
import { findCompiler } from '../../src/hls-codegen/simulate/compiler.js';
import { simulate } from '../../src/hls-codegen/simulate/simulate.js';
import type { SimulateOptions } from '../../src/hls-codegen/simulate/simulate.js';
import type { Graph } from '../../src/qfx/graph/graph.js';
import { parseBoard } from '../../src/qfx/hardware/board.js';
import { defaultPlan } from '../../src/qfx/hardware/plan.js';

const boardFile = fileURLToPath(new URL('../../boards/ultra96/board.json', import.meta.url));

/** A temporary folder with an exported project, copies of it to be broken, and a cache of compilations for all of them. */
export class Workbench {
  private copies = 0;

  private constructor(private readonly folder: string) {}

  static async open(graph: Graph): Promise<Workbench> {
    const bench = new Workbench(await mkdtemp(join(tmpdir(), 'qfx-test-simulate-')));
    const board = parseBoard(JSON.parse(await readFile(boardFile, 'utf8')), boardFile);
    await exportHls(graph, { out: bench.project, plan: defaultPlan(graph, board) });
    return bench;
  }

  get project(): string {
    return join(this.folder, 'project');
  }

  get cacheFolder(): string {
    return join(this.folder, 'cache');
  }

  /** A copy of the project in which `before` is replaced by `after` in a file, once. */
  async edited(file: string, before: string | RegExp, after: string): Promise<string> {
    const copy = await this.copied();
    await edit(join(copy, file), before, after);
    return copy;
  }

  async copied(): Promise<string> {
    const copy = join(this.folder, `copy-${this.copies++}`);
    await cp(this.project, copy, { recursive: true });
    return copy;
  }

  simulate(project: string, options: SimulateOptions = {}) {
    return simulate(project, { cacheFolder: this.cacheFolder, ...options });
  }

  /** Compiles a project and runs its testbench as a user would, in a folder inside the project. */
  async runTestbench(project: string, args: readonly string[] = []) {
    const description = parseProjectDescription(await readFile(join(project, projectFileName), 'utf8'), project);
    const { sources, testbench, includeFolders, simulationFolder } = description.files;
    const place = (path: string) => join(project, path);
    const cache = await BuildCache.open(this.cacheFolder, this.folder);
    const program = await build(
      await findCompiler(),
      {
        root: project,
        sources: [...sources, testbench].map(place),
        includeFolders: [...includeFolders, simulationFolder].map(place),
      },
      cache,
    );
    await cache.close();
    return execa(program, args, { cwd: place('src'), reject: false });
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

export async function edit(path: string, before: string | RegExp, after: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  const edited = text.replace(before, after);
  if (edited === text) throw new Error(`${path} has no ${String(before)}`);
  await writeFile(path, edited);
}
