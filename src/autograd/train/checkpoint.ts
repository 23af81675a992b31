import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { makeFolders } from '../../make-folders.js';
import { QfxError } from '../../qfx/errors.js';
import { readContainer, writeContainer } from '../../qfx/graph/safetensors.js';
import type { StoredTensor } from '../../qfx/graph/safetensors.js';
import { describeBackend } from '../backend.js';
import { parseConfiguration } from '../configuration.js';
import type { tf } from '../tensorflow.js';
import { modelWeights } from './model-weights.js';
import { networkDifference } from './network-description.js';
import { runStateSchema } from './run-state.js';
import type { RunState } from './run-state.js';

/** A float32 tensor outside of the tensor library. */
interface PlainTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Everything that the rest of a run depends on. On disk it is a safetensors file: weights under `weights/<key>`, the
 * optimiser's arrays under `optimizer/<name>`, the rest as JSON in the metadata.
 */
export interface Checkpoint {
  readonly weights: Readonly<Record<string, PlainTensor>>;
  readonly optimizer: Readonly<Record<string, Float32Array>>;
  readonly state: RunState;
}

const format = { format: 'qfx-checkpoint', format_version: '1' } as const;

/** Copies of all weights of a model. */
export function copyWeights(model: tf.LayersModel): Checkpoint['weights'] {
  return Object.fromEntries(modelWeights(model).map(({ key, shape, read }) => [key, { shape, values: read() }]));
}

/** Gives a model the weights of a checkpoint; throws QfxError naming the first that does not fit. */
export function writeWeights(model: tf.LayersModel, { weights }: Pick<Checkpoint, 'weights'>, where: string): void {
  const own = modelWeights(model);
  const surplus = Object.keys(weights).find((key) => !own.some((weight) => weight.key === key));
  if (surplus !== undefined) throw new QfxError(where, `has weights "${surplus}", the network does not`);
  for (const { key, shape } of own) {
    if (!Object.hasOwn(weights, key)) throw new QfxError(where, `lacks weights "${key}" of the network`);
    const found = weights[key].shape;
    if (String(found) !== String(shape))
      throw new QfxError(where, `weights "${key}" are [${found.join(', ')}], the network's are [${shape.join(', ')}]`);
  }
  for (const { key, write } of own) write(weights[key].values);
}

/** What to do about a checkpoint of another run. */
const remedy =
  'Go back to what it was to continue that run; --overwrite in place of --resume, or another --out, starts a new one.';

/** Throws QfxError, naming the difference, when a checkpoint belongs to a run with another configuration, data, backend or network. */
export function checkSameRun({ state: then }: Checkpoint, now: RunState, where: string): void {
  const keys = Object.keys({ ...then.config, ...now.config }) as (keyof RunState['config'])[];
  for (const key of keys) {
    const [old, wanted] = [then, now].map(({ config }) => JSON.stringify(config[key]) ?? 'absent');
    if (old !== wanted)
      throw new QfxError(where, `belongs to a run with ${key} ${old}, now it is ${wanted}. ${remedy}`);
  }
  if (then.dataChecksum !== now.dataChecksum)
    throw new QfxError(
      where,
      `belongs to a run on data with SHA-256 ${then.dataChecksum}, now it is ${now.dataChecksum}. ${remedy}`,
    );
  if (then.teacher !== now.teacher)
    throw new QfxError(
      where,
      `belongs to a run with a teacher of SHA-256 ${then.teacher ?? 'none'}, now it is ${now.teacher ?? 'none'}. ${remedy}`,
    );
  const [backendThen, backendNow] = [then, now].map(({ backend }) => describeBackend(backend));
  if (backendThen !== backendNow)
    throw new QfxError(where, `belongs to a run on ${backendThen}, now it is ${backendNow}. ${remedy}`);
  const difference = networkDifference(then.network, now.network);
  if (difference !== undefined)
    throw new QfxError(
      where,
      `belongs to another network: ${difference.where} was ${difference.then}, now it is ${difference.now}. ${remedy}`,
    );
}

/** Writes a checkpoint; the file is either the old one or the complete new one, whenever the process ends. */
export async function writeCheckpoint(path: string, { weights, optimizer, state }: Checkpoint): Promise<void> {
  const tensors = new Map<string, StoredTensor>();
  for (const [key, { shape, values }] of Object.entries(weights))
    tensors.set(`weights/${key}`, toStored(shape, values));
  for (const [name, values] of Object.entries(optimizer))
    tensors.set(`optimizer/${name}`, toStored([values.length], values));
  const bytes = writeContainer({ metadata: { ...format, run: JSON.stringify(state) }, tensors });
  try {
    await makeFolders(dirname(path));
    await writeFileAtomic(path, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    throw new QfxError(path, `cannot be written: ${(cause as Error).message}`, { cause });
  }
}

/** Reads a checkpoint; undefined when there is no such file. Throws QfxError naming the file and what is wrong with it. */
export async function readCheckpoint(path: string): Promise<Checkpoint | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new QfxError(path, `cannot be read: ${(cause as Error).message}`, { cause });
  }
  const { metadata, tensors } = readContainer(bytes, path);
  for (const [key, expected] of Object.entries(format))
    if (metadata[key] !== expected)
      throw new QfxError(path, `${key} is ${metadata[key] ?? 'absent'}, needed: ${expected}`);
  const weights: Record<string, PlainTensor> = {};
  const optimizer: Record<string, Float32Array> = {};
  for (const [name, tensor] of tensors) {
    const values = fromStored(tensor, `${path}: tensor "${name}"`);
    if (name.startsWith('weights/')) weights[name.slice('weights/'.length)] = { shape: tensor.shape, values };
    else if (name.startsWith('optimizer/')) optimizer[name.slice('optimizer/'.length)] = values;
    else throw new QfxError(path, `tensor "${name}" is neither a weight nor state of the optimiser`);
  }
  return { weights, optimizer, state: readState(metadata.run, path) };
}

function readState(text: string, path: string): RunState {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new QfxError(path, 'its metadata hold no state of a run', { cause });
  }
  return parseConfiguration(runStateSchema, content, path);
}

function toStored(shape: readonly number[], values: Float32Array): StoredTensor {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, index) => view.setFloat32(4 * index, value, true));
  return { dtype: 'F32', shape, data: new Uint8Array(view.buffer) };
}

function fromStored({ dtype, data }: StoredTensor, where: string): Float32Array {
  if (dtype !== 'F32') throw new QfxError(where, `stored as ${dtype}, needed: F32`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Float32Array.from({ length: data.length / 4 }, (_, index) => view.getFloat32(4 * index, true));
}
