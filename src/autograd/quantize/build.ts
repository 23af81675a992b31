import { QfxError } from '../../qfx/errors.js';
import { createLayers, unmatchedPatterns } from '../layers/index.js';
import type { InputConfig } from '../layers/input.js';
import type { LayerDefaults } from '../layers/index.js';
import { tf } from '../tensorflow.js';
import { modelWeights } from '../train/model-weights.js';
import type { FloatTensor } from './float-model.js';
import { freeName } from './plan.js';
import type { Plan } from './plan.js';

/** The exact type of the network's input. */
export type InputType = Pick<InputConfig, 'wordLength' | 'binaryPoint' | 'signed'>;

/**
 * Makes the network of a plan, with its weights.
 * @throws QfxError for a pattern of `named` that no layer has a name for
 */
export function buildNetwork(plan: Plan, defaults: LayerDefaults, input: InputType, where: string): tf.LayersModel {
  const q = createLayers(defaults);
  const taken = new Set([plan.input.name, ...plan.layers.map(({ name }) => name)]);
  const placeholder = tf.input({ shape: [...plan.input.shape], name: freeName('images', taken) });
  const first = q.input({ name: plan.input.name, ...input }).apply(placeholder) as tf.SymbolicTensor;
  const values = new Map([[plan.input.name, first]]);
  for (const { name, kind, options, inputs } of plan.layers) {
    const factory = q[kind as keyof typeof q] as (given: object) => tf.layers.Layer;
    const sources = inputs.map((source) => values.get(source) as tf.SymbolicTensor);
    const value = factory({ name, ...options }).apply(sources.length === 1 ? sources[0] : sources);
    values.set(name, value as tf.SymbolicTensor);
  }
  const [unmatched] = unmatchedPatterns(q);
  if (unmatched !== undefined) {
    const names = [...values.keys()].join(', ');
    throw new QfxError(where, `no layer matches "${unmatched}", the fixed-point layers are: ${names}`);
  }
  const model = tf.model({ inputs: placeholder, outputs: values.get(plan.output) as tf.SymbolicTensor });
  writeFloatWeights(model, new Map(plan.layers.map(({ name, weights = {} }) => [name, weights])));
  return model;
}

function writeFloatWeights(
  model: tf.LayersModel,
  weights: ReadonlyMap<string, Readonly<Record<string, FloatTensor>>>,
): void {
  for (const { layer, key, write } of modelWeights(model)) {
    const own = weights.get(layer) ?? {};
    const name = key.slice(key.indexOf('/') + 1);
    if (Object.hasOwn(own, name)) write(own[name].values);
  }
}
