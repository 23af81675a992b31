import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { QfxError } from '../../qfx/errors.js';
import { saveGraph } from '../../qfx/graph/file.js';
import type { Graph } from '../../qfx/graph/graph.js';
import { writeWholeFolder } from '../../write-whole-folder.js';
import { modelFiles } from '../model-files.js';
import type { tf } from '../tensorflow.js';
import type { QuantizationReport } from './quantize-model.js';

/** Marks a folder as one that may be replaced. */
const reportFile = 'quantization.json';

/** Refuses to replace anything but the folder of an earlier quantization, or an empty one. */
export async function checkQuantizedFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException): string[] => {
    if (cause.code === 'ENOENT') return [];
    throw new QfxError(folder, `cannot be used as a folder: ${cause.message}`, { cause });
  });
  if (names.length === 0 || names.includes(reportFile)) return;
  throw new QfxError(folder, `the folder exists and holds no ${reportFile}; it is left alone, give another one`);
}

/**
 * Writes a quantized network: `model.safetensors`, the frozen graph; `model/`, to train on from (`modelFiles`); and
 * `quantization.json`, the report. The whole folder or nothing: it is made beside `folder` and then takes its place.
 * @throws QfxError naming the folder, where it is somebody else's or cannot be written
 */
export async function writeQuantized(
  folder: string,
  {
    model,
    graph,
    report,
  }: { readonly model: tf.LayersModel; readonly graph: Graph; readonly report: QuantizationReport },
): Promise<void> {
  await checkQuantizedFolder(folder);
  try {
    await writeWholeFolder(folder, async (partial) => {
      await writeFile(join(partial, 'model.safetensors'), saveGraph(graph));
      await writeFile(join(partial, reportFile), `${JSON.stringify(report, undefined, 2)}\n`);
      await model.save(modelFiles(join(partial, 'model')));
    });
  } catch (cause) {
    throw new QfxError(folder, `cannot be written: ${(cause as Error).message}`, { cause });
  }
}
