import { QfxError } from '../qfx/errors.js';
import { Network } from '../qfx/execute/network.js';
import { loadGraph, saveGraph } from '../qfx/graph/file.js';
import type { Graph } from '../qfx/graph/graph.js';
import type { DesignPlan } from './design.js';
import { libraryFiles } from './library-files.js';
import { emitProject, graphFileName, planFileName } from './project.js';
import { makeInputs } from './simulate/inputs.js';
import { encodeVectors } from './simulate/vectors.js';
import { checkReplaceable, writeProjectFolder } from './write-folder.js';

export interface ExportOptions {
  /** Folder of the project; made, or replaced as a whole where it is an emitted project. */
  readonly out: string;
  readonly plan: DesignPlan;
  /** Number of stored test vectors. Default: 16. */
  readonly vectors?: number;
  /** Seed of the stored test vectors. Default: 1. */
  readonly seed?: number;
}

/** What was written. */
export interface ExportedProject {
  readonly folder: string;
  /** The top function. */
  readonly top: string;
  readonly files: number;
}

export async function exportHls(source: Graph | Uint8Array, options: ExportOptions): Promise<ExportedProject> {
  const { out, plan, vectors = 16, seed = 1 } = options;
  if (!Number.isInteger(vectors) || vectors < 1)
    throw new QfxError('vectors', `${vectors}, allowed: a whole number from 1`);
  await checkReplaceable(out);
  const network = source instanceof Uint8Array ? loadGraph(source) : new Network(source);
  const { graph } = network;
  const { description, files } = emitProject(graph, { plan, vectors: { count: vectors, seed } });
  const input = graph.nodes[description.input.layer];
  const stored = await encodeVectors(description, network, makeInputs(input.outputType, input.shape, vectors, seed));
  const contents = new Map<string, string | Uint8Array>([
    ...files,
    ...(await libraryFiles()),
    [graphFileName, source instanceof Uint8Array ? source : saveGraph(graph)],
    [planFileName, `${JSON.stringify(plan, null, 2)}\n`],
    ...[...stored].map(([name, content]) => [`${description.vectors.folder}/${name}`, content] as const),
  ]);
  await writeProjectFolder(out, contents);
  return { folder: out, top: description.top, files: contents.size };
}
