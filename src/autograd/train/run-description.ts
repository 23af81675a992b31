import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { register as registerHook } from 'node:module';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { DataLoader, DataSet, DataSetName, InputFormat } from '../../data/index.js';
import { QfxError } from '../../qfx/errors.js';
import { parseConfiguration } from '../configuration.js';
import type { createLayers } from '../layers/index.js';
import type { tf } from '../tensorflow.js';
import { trainingSchema } from './options.js';
import type { TrainingConfig, TrainingInput } from './options.js';

/** What a network has to know of its data. */
export interface NetworkData extends Pick<DataSet, 'shape' | 'classes'> {
  readonly input: InputFormat;
}

/** What a network is built for, and from. */
export interface ModelContext {
  /** TensorFlow.js. */
  readonly tf: typeof tf;
  /** `createLayers` with the run's seed, which makes the initial weights repeatable. */
  readonly layers: typeof createLayers;
  /** Height, width, channels of the images. */
  readonly shape: DataSet['shape'];
  /** The type of what enters, for `q.input`: of image bytes word length 8, binary point 8. */
  readonly input: InputFormat;
  /** Logits wanted. */
  readonly classes: number;
  /** The run's seed. */
  readonly seed: number;
  /** In `qfx sweep --word-lengths` the word length to build the network with, bits. */
  readonly wordLength?: number;
}

/** A run: a network, the data it is trained on, and how. */
export interface RunDescription {
  /** Names the folder of the results and the graph: letters, digits, dot, dash and underscore. */
  readonly name: string;
  /** Makes the network, or loads one to go on with. */
  readonly model: (context: ModelContext) => tf.LayersModel | Promise<tf.LayersModel>;
  /** Makes or loads the network that it learns from where the training has `distillation`. */
  readonly teacher?: RunDescription['model'];
  /** The name of a data set, or a function that returns one. */
  readonly data: DataSetName | DataLoader;
  readonly training?: TrainingInput;
}

/** A run description that was checked, with every default of its training filled in. */
export interface ResolvedRun extends RunDescription {
  readonly training: TrainingConfig;
}

const isFunction = (value: unknown) => typeof value === 'function';

const runSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, dot, dash and underscore are allowed'),
  model: z.custom<RunDescription['model']>(isFunction, 'must be a function that returns a network'),
  teacher: z.custom<RunDescription['model']>(isFunction, 'must be a function that returns a network').optional(),
  data: z.union(
    [z.string(), z.custom<DataLoader>(isFunction)],
    'must be the name of a data set or a function that returns one',
  ),
  training: trainingSchema.prefault({}),
});

/** Types and checks a run description; the default export of its file. Throws QfxError naming the key. */
export function defineRun(description: RunDescription): ResolvedRun {
  return resolveRun(description, 'run description');
}

/** Checks a run description and fills in defaults; throws QfxError naming the key. */
export function resolveRun(description: unknown, where: string): ResolvedRun {
  if (typeof description !== 'object' || description === null)
    throw new QfxError(where, `found ${String(description)}; a run description is an object, see defineRun`);
  return parseConfiguration(runSchema, description, where) as ResolvedRun;
}

/** SHA-256 of files as they were loaded: who imports one again gets the same modules, whatever it holds by then. */
const checksums = new Map<string, string>();

/**
 * SHA-256 of a run description's file, as it was when this thread loaded it, or first asked.
 * @throws QfxError when there is no such file
 */
export async function checksumOf(file: string): Promise<string> {
  const path = resolve(file);
  const known = checksums.get(path);
  if (known !== undefined) return known;
  const content = await readFile(path).catch((cause: Error) => {
    throw new QfxError(file, 'no such file; a run description is a .js, .mjs, .ts or .mts file', { cause });
  });
  const checksum = createHash('sha256').update(content).digest('hex');
  checksums.set(path, checksum);
  return checksum;
}

/**
 * Loads a run description: the default export of an ES module (.js, .mjs) or of a TypeScript file (.ts, .mts).
 * Throws QfxError naming the file, and the key where one is wrong.
 */
export async function loadRunDescription(file: string): Promise<ResolvedRun> {
  await checksumOf(file);
  const exported = await importModule(resolve(file), file);
  if (!('default' in exported))
    throw new QfxError(file, 'has no default export; write: export default defineRun({ ... })');
  return resolveRun(exported.default, file);
}

async function importModule(path: string, file: string): Promise<Record<string, unknown>> {
  const url = pathToFileURL(path).href;
  const extension = extname(path);
  try {
    if (extension === '.js' || extension === '.mjs') return (await import(url)) as Record<string, unknown>;
    if (extension === '.ts' || extension === '.mts') return await importTypeScript(url);
  } catch (cause) {
    const { name, message } = cause as Error;
    throw new QfxError(file, name === 'QfxError' ? message : `cannot be loaded: ${message}`, { cause });
  }
  throw new QfxError(file, `ends in "${extension}"; a run description is a .js, .mjs, .ts or .mts file`);
}

/**
 * What a hook of Node's loader says of TypeScript: that it is an ES module, whatever the package.json above it says, or leaves out
 * (`npm init` does). As CommonJS it would be given modules of its own, QFX's among them, which know neither the errors nor the
 * operations and layers of those that run.
 */
const typescriptIsModule = `
  export async function resolve(specifier, context, next) {
    const found = await next(specifier, context);
    return /^file:[^?#]*[.]tsx?([?#]|$)/.test(found.url) ? { ...found, format: 'module' } : found;
  }`;
let isHooked = false;

/** Imports a TypeScript file, with the modules that are loaded already: operations that it registers are known here. */
async function importTypeScript(url: string): Promise<Record<string, unknown>> {
  // Before those of tsx, which ask it; such a hook stays.
  if (!isHooked) registerHook(`data:text/javascript,${encodeURIComponent(typescriptIsModule)}`);
  isHooked = true;
  const { register } = await import('tsx/esm/api');
  const unregister = register();
  try {
    return (await import(url)) as Record<string, unknown>;
  } finally {
    await unregister();
  }
}
