import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { QfxError } from '../../qfx/errors.js';
import { quantizersOf } from '../freeze/model.js';
import type { tf } from '../tensorflow.js';
import { readCheckpoint, writeCheckpoint, writeWeights } from './checkpoint.js';
import type { Checkpoint } from './checkpoint.js';
import { frontFolders } from './run-folder.js';

const gone = 'is not there any more, though it is on the front of the run';

/** Checkpoints by name: in the folder of a run, or in memory where it has none. */
export class KeptNetworks {
  private readonly inMemory = new Map<string, Checkpoint>();

  constructor(private readonly folder: string | undefined) {}

  async keep(name: string, checkpoint: Checkpoint): Promise<void> {
    if (this.folder === undefined) this.inMemory.set(name, checkpoint);
    else await writeCheckpoint(this.path(this.folder, name), checkpoint);
  }

  /**
   * Removes all but these.
   * @throws QfxError where one of them is missing
   */
  async keepOnly(names: readonly string[]): Promise<void> {
    for (const name of this.inMemory.keys()) if (!names.includes(name)) this.inMemory.delete(name);
    if (this.folder === undefined) return;
    const { checkpoints } = frontFolders(this.folder);
    const kept = names.map(fileOf);
    const found: string[] = await readdir(checkpoints).catch(() => []);
    const missing = kept.find((file) => !found.includes(file));
    if (missing !== undefined) throw new QfxError(join(checkpoints, missing), gone);
    for (const file of found) if (!kept.includes(file)) await rm(join(checkpoints, file), { force: true });
  }

  /**
   * Gives a model the weights of a checkpoint, with every binary point and word length final as it was there.
   * @throws QfxError where there is no such checkpoint, or it does not fit
   */
  async restore(model: tf.LayersModel, name: string): Promise<void> {
    const where = this.folder === undefined ? `network "${name}"` : this.path(this.folder, name);
    const checkpoint = this.folder === undefined ? this.inMemory.get(name) : await readCheckpoint(where);
    if (checkpoint === undefined) throw new QfxError(where, gone);
    writeWeights(model, checkpoint, where);
    for (const { quantizer } of quantizersOf(model)) {
      if (!quantizer.isFrozen) quantizer.freezeAt(quantizer.binaryPoints);
    }
  }

  private path(folder: string, name: string): string {
    return join(frontFolders(folder).checkpoints, fileOf(name));
  }
}

function fileOf(name: string): string {
  return `${name}.safetensors`;
}
