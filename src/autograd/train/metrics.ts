import { appendFile, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { makeFolders, removeEmptyFolders } from '../../make-folders.js';
import { QfxError } from '../../qfx/errors.js';
import type { SettledBinaryPoints, StartedBinaryPoints } from '../freeze/settling.js';
import { metricsHeader, metricsRow } from './metrics-table.js';
import type { TrainingWarning } from './warnings.js';

/**
 * One line of `metrics.jsonl`. Accuracies are fractions 0..1, losses mean cross-entropies in nats, seconds since the start of
 * the run; `workers` is how many threads compute at that time.
 */
export type MetricsLine =
  | {
      readonly kind: 'steps';
      /** Steps done so far; loss and accuracy are means over the steps since the line before, on training images. */
      readonly step: number;
      readonly epoch: number;
      readonly loss: number;
      readonly accuracy: number;
      readonly learningRate: number;
      readonly workers: number;
      readonly seconds: number;
    }
  | {
      /** Known binary points were compared with searched ones, before the first step. */
      readonly kind: 'start';
      readonly step: number;
      readonly losses: StartedBinaryPoints;
      readonly seconds: number;
    }
  | {
      readonly kind: 'freeze';
      readonly step: number;
      readonly what: 'binaryPoints' | 'statistics';
      /** Of binary points chosen by the loss: that of both ways to choose them, and of what was chosen. */
      readonly losses?: SettledBinaryPoints;
      readonly seconds: number;
    }
  | ({
      readonly kind: 'warning';
      readonly step: number;
      /** The epoch at whose end it was found, from 1. */
      readonly epoch: number;
      readonly seconds: number;
    } & TrainingWarning)
  | {
      readonly kind: 'epoch';
      readonly step: number;
      /** Epochs done so far; loss and accuracy are means over the epoch's training images as they were trained on. */
      readonly epoch: number;
      readonly loss: number;
      readonly accuracy: number;
      readonly evaluatedOn: 'validation' | 'test';
      readonly evaluatedLoss: number;
      readonly evaluatedAccuracy: number;
      /** Of an image, at the end of the epoch; where a run keeps its front. */
      readonly bitOperations?: number;
      readonly workers: number;
      readonly seconds: number;
    };

/** The files of a log: the same lines as JSON and as rows of a table. */
interface MetricsFiles {
  readonly metrics: string;
  readonly metricsTable: string;
}

/** Appends lines to both files; a resumed run first drops what was written after its checkpoint. */
export class MetricsLog {
  private constructor(
    private readonly files: MetricsFiles,
    private length: number,
    /** The first folder that was made for the files. */
    private readonly firstMade: string | undefined,
  ) {}

  /**
   * Opens the files with only the first `keep` bytes of the lines; none, where somebody has removed them.
   * @throws QfxError where they cannot be written, or hold other lines than the run has written
   */
  static async open(files: MetricsFiles, keep: number): Promise<MetricsLog> {
    const { metrics, metricsTable } = files;
    const kept = await readLines(metrics, keep);
    let firstMade: string | undefined;
    try {
      firstMade = await makeFolders(dirname(metrics));
      await writeFileAtomic(metrics, kept.text);
      await writeFileAtomic(metricsTable, metricsHeader + kept.lines.map(metricsRow).join(''));
    } catch (cause) {
      if (firstMade !== undefined) await removeEmptyFolders(dirname(metrics), firstMade);
      throw new QfxError(metrics, `cannot be written: ${(cause as Error).message}`, { cause });
    }
    return new MetricsLog(files, Buffer.byteLength(kept.text), firstMade);
  }

  /** Bytes of the lines written so far. */
  get bytes(): number {
    return this.length;
  }

  async write(line: MetricsLine): Promise<void> {
    const text = `${JSON.stringify(line)}\n`;
    await appendFile(this.files.metrics, text);
    await appendFile(this.files.metricsTable, metricsRow(line));
    this.length += Buffer.byteLength(text);
  }

  /** A run that failed before it wrote anything leaves nothing: neither empty files nor the folders made for it. */
  async close(): Promise<void> {
    if (this.length > 0) return;
    const { metrics, metricsTable } = this.files;
    for (const file of [metrics, metricsTable]) await rm(file, { force: true });
    if (this.firstMade !== undefined) await removeEmptyFolders(dirname(metrics), this.firstMade);
  }
}

/** The first lines of a file, of so many bytes. */
async function readLines(file: string, bytes: number): Promise<{ text: string; lines: MetricsLine[] }> {
  const nothing = { text: '', lines: [] };
  if (bytes === 0) return nothing;
  try {
    const content = await readFile(file);
    if (content.length < bytes) throw new Error(`it has ${content.length} bytes`);
    const text = content.subarray(0, bytes).toString();
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as MetricsLine);
    return { text, lines };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return nothing;
    const { message } = cause as Error;
    throw new QfxError(
      file,
      `does not hold the ${bytes} bytes of lines that the checkpoint goes on from (${message}); remove it to go on without them`,
      { cause },
    );
  }
}
