import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { makeFolders } from '../make-folders.js';
import { QfxError } from '../qfx/errors.js';
import { parseConfiguration } from './configuration.js';
import { tf } from './tensorflow.js';

const weightsFile = 'weights.bin';

/** The tensor library's model.json, with the checksum of the weights that were saved with it. */
const schema = z.looseObject({
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: z.tuple([
    z.object({
      paths: z.tuple([z.literal(weightsFile)]),
      weights: z.array(z.looseObject({ name: z.string(), shape: z.array(z.int()), dtype: z.string() })),
    }),
  ]),
  weightsSha256: z.string(),
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
  const found = sha256(weights);
  if (found !== weightsSha256)
    throw new QfxError(
      paths.weights,
      `${weights.length} bytes with SHA-256 ${found}, model.json needs ${weightsSha256}: cut off, damaged, or saved with another model`,
    );
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
