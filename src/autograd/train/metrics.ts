import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolders, removeEmptyFolders } from '../../make-folders.js';
import { QfxError } from '../../qfx/errors.js';
import type { SettledBinaryPoints } from '../freeze/settling.js';
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
      readonly workers: number;
      readonly seconds: number;
    };

/** Appends lines to a file; a resumed run first drops what was written after its checkpoint. */
export class MetricsLog {
  private constructor(
    private readonly path: string,
    private length: number,
    /** The first folder that was made for the file. */
    private readonly firstMade: string | undefined,
  ) {}

  /** Opens the file with only its first `keep` bytes. Throws QfxError where it cannot be written. */
  static async open(path: string, keep: number): Promise<MetricsLog> {
    const old = keep > 0 ? await readFile(path).catch(() => Buffer.alloc(0)) : Buffer.alloc(0);
    const kept = old.subarray(0, keep);
    let firstMade: string | undefined;
    try {
      firstMade = await makeFolders(dirname(path));
      await writeFile(path, kept);
    } catch (cause) {
      if (firstMade !== undefined) await removeEmptyFolders(dirname(path), firstMade);
      throw new QfxError(path, `cannot be written: ${(cause as Error).message}`, { cause });
    }
    return new MetricsLog(path, kept.length, firstMade);
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.length;
  }

  async write(line: MetricsLine): Promise<void> {
    const text = `${JSON.stringify(line)}\n`;
    await appendFile(this.path, text);
    this.length += Buffer.byteLength(text);
  }

  /** A run that failed before it wrote anything leaves nothing: neither an empty file nor the folders made for it. */
  async close(): Promise<void> {
    if (this.length > 0) return;
    await rm(this.path, { force: true });
    if (this.firstMade !== undefined) await removeEmptyFolders(dirname(this.path), this.firstMade);
  }
}
