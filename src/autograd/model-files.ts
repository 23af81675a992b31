import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { makeFolders } from '../make-folders.js';
import { QfxError } from '../qfx/errors.js';
import { parseConfiguration } from './configuration.js';
import { tf } from './tensorflow.js';

const weightsFile = 'weights.bin';

const weightSpec = z.looseObject({ name: z.string(), shape: z.array(z.int()), dtype: z.string() });

/** The tensor library's model.json, with the checksum of the weights that were saved with it. */
const schema = z.looseObject({
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: z.tuple([z.object({ paths: z.tuple([z.literal(weightsFile)]), weights: z.array(weightSpec) })]),
  weightsSha256: z.string(),
});

/** A model.json of anybody's: the tensor library's converter writes weights in several files, without checksums. */
const anySchema = z.looseObject({
  format: z.literal('layers-model', { error: 'allowed: "layers-model" (convert to tfjs_layers_model)' }).optional(),
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: z.array(z.looseObject({ paths: z.array(z.string().min(1)).min(1), weights: z.array(weightSpec) })),
  weightsSha256: z.string().optional(),
});

/**
 * A folder for `model.save` and `tf.loadLayersModel`: TensorFlow.js by itself has none in Node. It holds `model.json` and
 * `weights.bin`; each is either the old one or the complete new one, and a pair that doesn't belong together is refused.
 * Both handlers throw QfxError naming the file that is missing, damaged or cannot be written.
 */
export function modelFiles(folder: string): tf.io.IOHandler {
  const paths = { model: join(folder, 'model.json'), weights: join(folder, weightsFile) };
  return { save: (artifacts) => save(folder, paths, artifacts), load: () => load(paths) };
}

/**
 * Loads a TensorFlow.js layers model from its `model.json`, with the weights that it names beside it: what `modelFiles` and
 * `model.save` of tfjs-node write, or the converter of Keras models.
 * @throws QfxError naming the file that is missing, damaged, or of another format
 */
export async function loadModelFile(path: string): Promise<tf.LayersModel> {
  const content = parseJson((await read(path)).toString('utf8'), path);
  const { weightsSha256, ...model } = parseConfiguration(anySchema, content, path);
  const files = model.weightsManifest.flatMap(({ paths }) => paths.map((file) => join(dirname(path), file)));
  const weights = Buffer.concat(await Promise.all(files.map(read)));
  checkWeights(weights, weightsSha256, files.join(', '));
  const specs = model.weightsManifest.flatMap((group) => group.weights);
  const load = () =>
    tf.io.getModelArtifactsForJSON(model as unknown as tf.io.ModelJSON, async () => [
      specs as unknown as tf.io.WeightsManifestEntry[],
      new Uint8Array(weights).buffer,
    ]);
  try {
    return await tf.loadLayersModel({ load });
  } catch (cause) {
    throw new QfxError(path, `is no layers model that can be loaded: ${(cause as Error).message}`, { cause });
  }
}

/** @throws QfxError for weights that are not those of the checksum */
function checkWeights(weights: Buffer, expected: string | undefined, where: string): void {
  const found = sha256(weights);
  if (expected === undefined || found === expected) return;
  throw new QfxError(
    where,
    `${weights.length} bytes with SHA-256 ${found}, model.json needs ${expected}: cut off, damaged, or saved with another model`,
  );
}

interface Paths {
  readonly model: string;
  readonly weights: string;
}

async function save(folder: string, paths: Paths, artifacts: tf.io.ModelArtifacts): Promise<tf.io.SaveResult> {
  const { weightSpecs = [], weightData, ...rest } = artifacts;
  const weights = Buffer.from(tf.io.CompositeArrayBuffer.join(weightData));
  const weightsManifest = [{ paths: [weightsFile], weights: weightSpecs }];
  const model = JSON.stringify({ ...rest, weightsManifest, weightsSha256: sha256(weights) });
  try {
    await makeFolders(folder);
    await writeFileAtomic(paths.weights, weights);
    await writeFileAtomic(paths.model, model);
  } catch (cause) {
    throw new QfxError(folder, `cannot save the model: ${(cause as Error).message}`, { cause });
  }
  return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
}

async function load(paths: Paths): Promise<tf.io.ModelArtifacts> {
  const content = parseJson((await read(paths.model)).toString('utf8'), paths.model);
  const { weightsSha256, ...model } = parseConfiguration(schema, content, paths.model);
  const weights = await read(paths.weights);
  checkWeights(weights, weightsSha256, paths.weights);
  const [{ weights: specs }] = model.weightsManifest;
  return tf.io.getModelArtifactsForJSON(model as unknown as tf.io.ModelJSON, async () => [
    specs as unknown as tf.io.WeightsManifestEntry[],
    new Uint8Array(weights).buffer,
  ]);
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new QfxError(path, `cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new QfxError(path, `not JSON: ${(cause as Error).message}`, { cause });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
