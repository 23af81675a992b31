import type { DataSet } from '../../data/data-set.js';
import { QfxError } from '../../qfx/errors.js';
import { createLayers } from '../layers/index.js';
import { tf } from '../tensorflow.js';
import type { RunDescription } from './run-description.js';

/** The network of a run description with its initial weights. Throws QfxError when it makes none. */
export function buildModel(
  run: Pick<RunDescription, 'name' | 'model'>,
  { shape, classes }: Pick<DataSet, 'shape' | 'classes'>,
  seed: number,
): tf.LayersModel {
  const layers: typeof createLayers = (defaults) => createLayers({ seed, ...defaults });
  const model = run.model({ tf, layers, shape, classes: classes.length, seed });
  if (model instanceof tf.LayersModel) return model;
  throw new QfxError(`run "${run.name}": model`, 'must return a tf.sequential or tf.model');
}
