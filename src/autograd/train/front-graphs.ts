import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { QfxError } from '../../qfx/errors.js';
import { saveGraph } from '../../qfx/graph/file.js';
import type { Graph } from '../../qfx/graph/graph.js';
import { writeWholeFolder } from '../../write-whole-folder.js';
import { frontFolders } from './run-folder.js';

/** A network of a run's front as a graph; accuracies are fractions 0..1 of the path that computes the graph's integers. */
export interface FrontGraph {
  /** Epochs that had been trained. */
  readonly epoch: number;
  /** Of an image. */
  readonly bitOperations: number;
  /** What decided is `validation`; `trained` is on the whole test set. */
  readonly accuracy: { readonly validation: number; readonly trained: number };
  /** Path of its file, which is named after bit operations and accuracy on the validation images. */
  readonly file: string;
}

/**
 * Writes the graphs of a front and a table of them, `pareto.json`, into the folder of its run: the whole folder or nothing.
 * @throws QfxError naming the folder, where it cannot be written
 */
export async function writeFront(
  folder: string,
  networks: readonly (Omit<FrontGraph, 'file'> & { readonly graph: Graph })[],
): Promise<FrontGraph[]> {
  const { graphs: target } = frontFolders(folder);
  const rows = networks.map(({ graph, ...row }) => ({ row: { ...row, file: fileOf(row) }, graph }));
  try {
    await writeWholeFolder(target, async (partial) => {
      for (const { row, graph } of rows) await writeFile(join(partial, row.file), saveGraph(graph));
      const table = { networks: rows.map(({ row }) => row) };
      await writeFile(join(partial, 'pareto.json'), `${JSON.stringify(table, undefined, 2)}\n`);
    });
  } catch (cause) {
    throw new QfxError(target, `cannot be written: ${(cause as Error).message}`, { cause });
  }
  return rows.map(({ row }) => ({ ...row, file: join(target, row.file) }));
}

/** For example `3981312-operations-97.25-percent.safetensors`. */
function fileOf({ bitOperations, accuracy }: Omit<FrontGraph, 'file'>): string {
  return `${bitOperations}-operations-${(100 * accuracy.validation).toFixed(2)}-percent.safetensors`;
}
