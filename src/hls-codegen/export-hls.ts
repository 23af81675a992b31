import { QfxError } from '../qfx/errors.js';
import { Network } from '../qfx/execute/network.js';
import { loadGraph, saveGraph } from '../qfx/graph/file.js';
import type { Graph } from '../qfx/graph/graph.js';
import { defaultPlan, validatePlan } from '../qfx/hardware/plan.js';
import type { HardwarePlan } from '../qfx/hardware/plan.js';
import { loadBoard, readJson } from './board.js';
import { libraryFiles } from './library-files.js';
import { emitProject, graphFileName, planFileName } from './project.js';
import { makeInputs } from './simulate/inputs.js';
import { encodeVectors, executorOf } from './simulate/vectors.js';
import { checkReplaceable, writeProjectFolder } from './write-folder.js';
import type { FolderContents } from './write-folder.js';

/** The board of a project for which neither a board nor a plan is given. */
const defaultBoard = 'ultra96';

export interface ExportOptions {
  /** Folder of the project; made, or replaced as a whole where it is an emitted project. Anything else is refused. */
  readonly out: string;
  /**
   * The name of a board that QFX brings along, or the path of a `board.json` or of its folder. Default: the plan's, or
   * `ultra96` without a plan.
   */
  readonly board?: string;
  /** How the graph is built: a plan, or the path of a `hardware.json`. Default: the default plan for the board. */
  readonly plan?: HardwarePlan | string;
  /** Number of stored test vectors. Default: 16. */
  readonly vectors?: number;
  /** Seed of the stored test vectors. Default: 1. */
  readonly seed?: number;
  /** How messages name the graph's file. */
  readonly source?: string;
}

/** What was written. */
export interface ExportedProject {
  readonly folder: string;
  /** The top function. */
  readonly top: string;
  /** Number of files. */
  readonly files: number;
}

/**
 * Writes a graph as a Vitis HLS project: C++ that computes the same integers, testbench with vectors, scripts. The same
 * graph and options give the same bytes. A failed export leaves nothing behind.
 * @param graph a graph, or the bytes of its file
 * @throws QfxError naming the layer that can't be built, the key of the plan or board, or the folder
 */
export async function exportHls(graph: Graph | Uint8Array, options: ExportOptions): Promise<ExportedProject> {
  checkCount('vectors', options.vectors ?? 16, 1);
  checkCount('seed', options.seed ?? 1, 0);
  await checkReplaceable(options.out);
  const { top, contents } = await makeProject(graph, options);
  await writeProjectFolder(options.out, contents);
  return { folder: options.out, top, files: contents.size };
}

async function makeProject(
  source: Graph | Uint8Array,
  { board, plan: givenPlan, vectors = 16, seed = 1, source: fileName }: ExportOptions,
): Promise<{ top: string; contents: FolderContents }> {
  const network = source instanceof Uint8Array ? loadGraph(source, { fileName }) : new Network(source);
  const { graph } = network;
  const plan = await choosePlan(graph, board, givenPlan);
  const { description, files } = emitProject(graph, { plan, vectors: { count: vectors, seed } });
  const input = graph.nodes[description.input.layer];
  const stored = await encodeVectors(
    description,
    executorOf(network),
    makeInputs(input.outputType, input.shape, vectors, seed),
  );
  const contents = new Map<string, string | Uint8Array>([
    ...(await libraryFiles()),
    ...files,
    [graphFileName, source instanceof Uint8Array ? source : saveGraph(graph)],
    [planFileName, `${JSON.stringify(plan, null, 2)}\n`],
    ...[...stored].map(([name, content]) => [`${description.vectors.folder}/${name}`, content] as const),
  ]);
  return { top: description.top, contents };
}

async function choosePlan(graph: Graph, board?: string, plan?: HardwarePlan | string): Promise<HardwarePlan> {
  if (plan === undefined) return defaultPlan(graph, await loadBoard(board ?? defaultBoard));
  const where = typeof plan === 'string' ? plan : 'hardware plan';
  const checked = validatePlan(graph, typeof plan === 'string' ? await readJson(plan) : plan, where);
  if (board === undefined) return checked;
  const { name } = await loadBoard(board);
  if (name !== checked.board) throw new QfxError(where, `is for board "${checked.board}", not for "${name}"`);
  return checked;
}

function checkCount(key: string, value: number, minimum: number): void {
  if (Number.isSafeInteger(value) && value >= minimum) return;
  throw new QfxError(key, `${value}, allowed: whole numbers from ${minimum}`);
}
