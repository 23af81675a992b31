import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { QfxError } from '../../qfx/errors.js';
import { loadGraph } from '../../qfx/graph/file.js';
import type { ProjectDescription } from '../project-description.js';
import { parseProjectDescription, projectFileName } from '../project-description.js';
import { BuildCache } from './build-cache.js';
import { build } from './build.js';
import { findCompiler } from './compiler.js';
import type { Compiler } from './compiler.js';
import { makeInputs } from './inputs.js';
import type { ImageSource } from './inputs.js';
import { collectOutputs, summarize } from './result.js';
import type { SimulationResult } from './result.js';
import { run } from './run.js';
import { executorOf, readManifest, writeVectors } from './vectors.js';
import type { VectorManifest } from './vectors.js';

/** The steps of a simulation; compiling and making vectors happen at the same time. */
export type SimulationStage = 'compile' | 'vectors' | 'simulate';

export interface SimulateOptions {
  /** Images to simulate: raw integers of the input's type. Default: seeded ones, see `images`. */
  readonly inputs?: ImageSource;
  /** Number of seeded images over the whole input type. Default (and without `inputs`): the project's stored vectors. */
  readonly images?: number;
  /** Seed of the seeded images. Default: the project's. */
  readonly seed?: number;
  /** Every value of every layer is compared for this many images from the first on, of the outputs for all. Default: all. */
  readonly layersFor?: number;
  /**
   * Images of each process, from its first on, whose sums of products the hardware's loops compute; for the others the same
   * sums are taken in a faster order. With AMD's headers there are the hardware's loops alone. Default: 16.
   */
  readonly hardwareLoops?: number | 'all';
  /**
   * Compiles with fixed-point multiplication deleted: a network with a multiplier in it is then a compile error. For all
   * images the hardware's loops run.
   */
  readonly noMultiply?: boolean;
  /** Folder with AMD's headers (`ap_fixed.h`); what it lacks comes from the project's own. */
  readonly headers?: string;
  /** A compiler's path or `npm`; default: the environment's `QFX_CXX`, else what is found. */
  readonly compiler?: string;
  /** Folder of earlier compilations. Default: in the user's cache folder. */
  readonly cacheFolder?: string;
  /** `done` of `total` translation units or images. */
  readonly onProgress?: (stage: SimulationStage, done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Images of each process that run the hardware's loops when nothing is said: as many as a project stores. */
export const defaultHardwareLoops = 16;

/**
 * Compiles an emitted project's C++, feeds it images, and compares every layer and output with the integer executor's, raw
 * integer by raw integer. Mismatches are a result; the project's folder is not written to.
 * @param folder of the project
 * @throws QfxError when the comparison could not be completed: no project, missing or cut-off vectors, a compile error, a
 * crash, a stream read empty or left non-empty, a wrong TLAST, a full disk
 */
export async function simulate(folder: string, options: SimulateOptions = {}): Promise<SimulationResult> {
  const started = performance.now();
  const root = resolve(folder);
  const hardwareLoops = chooseLoops(options);
  const project = await readProject(root);
  const temporary = await mkdtemp(join(tmpdir(), 'qfx-simulation-'));
  // A failure of one step ends the others; what they throw then is only its echo.
  const failure = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failure.signal]) : failure.signal;
  try {
    const compiler = await findCompiler(options.compiler, signal);
    const steps = [
      compileProject(root, project, compiler, temporary, { ...options, signal }),
      prepareVectors(root, project, temporary, { ...options, signal }),
    ] as const;
    for (const step of steps) step.catch((error: unknown) => failure.abort(error));
    await Promise.allSettled(steps);
    signal.throwIfAborted();
    const [program, vectors] = await Promise.all(steps);
    const parts = await run(
      {
        compiler,
        program,
        vectors: vectors.folder,
        images: vectors.manifest.images,
        hardwareLoops,
        results: temporary,
      },
      { signal, onImages: (done) => options.onProgress?.('simulate', done, vectors.manifest.images) },
    );
    const outputs = await collectOutputs(project, parts, vectors.folder, vectors.manifest);
    const seconds = (performance.now() - started) / 1e3;
    return { ...summarize(project, parts, vectors.manifest, outputs), outputs, compiler: compiler.version, seconds };
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 3 });
  }
}

function chooseLoops({ hardwareLoops, headers, noMultiply = false }: SimulateOptions): number | 'all' {
  if (noMultiply && headers !== undefined) {
    throw new QfxError('noMultiply', "multiplication can't be deleted from AMD's headers, leave them out");
  }
  if (hardwareLoops === undefined) return headers === undefined && !noMultiply ? defaultHardwareLoops : 'all';
  if (hardwareLoops === 'all') return 'all';
  if (!Number.isSafeInteger(hardwareLoops) || hardwareLoops < 0) {
    throw new QfxError('hardwareLoops', `${hardwareLoops}; allowed: a whole number from 0 on, or all`);
  }
  if (noMultiply) {
    throw new QfxError('hardwareLoops', `${hardwareLoops}; without multiplication all images run the hardware's loops`);
  }
  if (headers !== undefined) {
    throw new QfxError('hardwareLoops', `${hardwareLoops}; with AMD's headers all images run the hardware's loops`);
  }
  return hardwareLoops;
}

async function readProject(root: string): Promise<ProjectDescription> {
  const file = join(root, projectFileName);
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new QfxError(root, `not an emitted project (${error.message})`, { cause: error });
  });
  return parseProjectDescription(text, file);
}

async function compileProject(
  root: string,
  { files }: ProjectDescription,
  compiler: Compiler,
  temporary: string,
  { headers, noMultiply = false, cacheFolder, onProgress, signal }: SimulateOptions,
): Promise<string> {
  const place = (path: string) => join(root, ...path.split('/'));
  const theirs = headers === undefined ? [] : [await checkHeaders(resolve(headers), compiler)];
  const program = {
    root,
    sources: [...files.sources, files.testbench].map(place),
    includeFolders: [...files.includeFolders.map(place), ...theirs, place(files.simulationFolder)],
    defines: noMultiply ? ['QFX_NO_MULTIPLY'] : [],
  };
  const cache = await BuildCache.open(cacheFolder, temporary);
  try {
    return await build(compiler, program, cache, {
      onProgress: (done, total) => onProgress?.('compile', done, total),
      signal,
    });
  } finally {
    await cache.close();
  }
}

async function checkHeaders(folder: string, compiler: Compiler): Promise<string> {
  const file = join(folder, 'ap_fixed.h');
  await readFile(file).catch((error: Error) => {
    throw new QfxError(folder, `not a folder of AMD's headers (${error.message})`, { cause: error });
  });
  if (compiler.kind === 'npm') {
    throw new QfxError(
      folder,
      "AMD's headers do not compile with the compiler from npm; install g++, or leave the headers out",
    );
  }
  return folder;
}

interface PreparedVectors {
  readonly folder: string;
  readonly manifest: VectorManifest;
}

async function prepareVectors(
  root: string,
  project: ProjectDescription,
  temporary: string,
  options: SimulateOptions,
): Promise<PreparedVectors> {
  if (options.inputs === undefined && options.images === undefined) {
    const folder = join(root, ...project.vectors.folder.split('/'));
    return { folder, manifest: await readManifest(folder) };
  }
  const graphFile = join(root, ...project.files.graph.split('/'));
  const network = loadGraph(await readFile(graphFile), { fileName: graphFile });
  const inputs = options.inputs ?? seededInputs(project, options.images ?? 0, options.seed ?? project.vectors.seed);
  if (inputs.count < 1) throw new QfxError('C simulation', `${inputs.count} images; at least 1 is needed`);
  const folder = join(temporary, 'vectors');
  await writeVectors(project, executorOf(network), inputs, folder, {
    layersFor: options.layersFor,
    onImage: (done) => options.onProgress?.('vectors', done, inputs.count),
    signal: options.signal,
  });
  return { folder, manifest: await readManifest(folder) };
}

function seededInputs(project: ProjectDescription, count: number, seed: number): ImageSource {
  const { format, shape } = project.layers[project.input.layer];
  return makeInputs(format, shape, count, seed);
}
