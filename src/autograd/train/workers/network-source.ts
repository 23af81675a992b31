import { QfxError } from '../../../qfx/errors.js';
import { tf, registeredClass } from '../../tensorflow.js';
import { isFixedPoint } from '../../layers/sources.js';
import { buildModel } from '../build-model.js';
import { describeNetwork, networkDifference } from '../network-description.js';
import { checksumOf, loadRunDescription } from '../run-description.js';
import { modelWeights } from '../model-weights.js';
import type { NetworkSource, TeacherSource, WorkerStart } from './protocol.js';

/**
 * A network's layers as JSON, from which every thread builds the same network.
 * @throws QfxError for a layer of a class that other threads do not have
 */
export function topologyOf(model: tf.LayersModel): { readonly kind: 'topology'; readonly topology: object } {
  const foreign = model.layers.find((layer) => registeredClass(layer.getClassName()) !== layer.constructor);
  if (foreign !== undefined)
    throw new QfxError(
      `layer "${foreign.name}"`,
      `its class ${foreign.constructor.name} is neither QFX's nor the tensor library's`,
    );
  const withCode = model.layers.find((layer) => isFixedPoint(layer) && layer.holdsCode);
  if (withCode !== undefined)
    throw new QfxError(`layer "${withCode.name}"`, 'its function is code of the program, which JSON does not carry');
  return { kind: 'topology', topology: model.toJSON(undefined, false) as object };
}

/**
 * A teacher for other threads: its weights do not change any more, so that all may read one copy of them.
 * @throws QfxError for a layer of a class that other threads do not have
 */
export function teacherSource(teacher: tf.LayersModel): TeacherSource {
  const shared = (values: Float32Array) => {
    const copy = new Float32Array(new SharedArrayBuffer(values.byteLength));
    copy.set(values);
    return copy;
  };
  const { topology } = topologyOf(teacher);
  return { topology, weights: modelWeights(teacher).map(({ read }) => shared(read())) };
}

/** Builds the teacher that a worker is given, if there is one. */
export async function rebuildTeacher({ teacher }: WorkerStart): Promise<tf.LayersModel | undefined> {
  if (teacher === undefined) return undefined;
  const { topology, weights } = teacher;
  const model = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology: topology }));
  modelWeights(model).forEach(({ write }, position) => write(weights[position]));
  return model;
}

/**
 * Builds the network that a worker is asked to have.
 * @throws QfxError when it becomes another one
 */
export async function rebuildNetwork({ source, network }: WorkerStart): Promise<tf.LayersModel> {
  const model = await buildFrom(source);
  const difference = networkDifference(network, describeNetwork(model));
  if (difference === undefined) return model;
  const { where, then, now } = difference;
  throw new QfxError('network', `built once more it is another one: ${where} was ${then}, now it is ${now}`);
}

async function buildFrom(source: NetworkSource): Promise<tf.LayersModel> {
  if (source.kind === 'topology') return tf.loadLayersModel(tf.io.fromMemory({ modelTopology: source.topology }));
  const { file, data, seed } = source;
  if ((await checksumOf(file.path)) !== file.checksum)
    throw new QfxError(file.path, 'has changed since this run loaded it, and a worker would compute something else');
  return buildModel(await loadRunDescription(file.path), data, seed);
}
