import { QfxError } from '../../qfx/errors.js';
import { createLayers, unmatchedPatterns } from '../layers/index.js';
import type { Layers } from '../layers/index.js';
import { tf } from '../tensorflow.js';
import type { NetworkData, RunDescription } from './run-description.js';

/** The network of a run description with its initial weights, or its teacher. Throws QfxError when it makes none. */
export async function buildModel(
  run: Pick<RunDescription, 'name' | 'model' | 'teacher'>,
  { shape, classes, input }: NetworkData,
  seed: number,
  which: 'model' | 'teacher' = 'model',
): Promise<tf.LayersModel> {
  const made: Layers[] = [];
  const layers: typeof createLayers = (defaults) => {
    const factories = createLayers({ seed, ...defaults });
    made.push(factories);
    return factories;
  };
  const model = await run[which]?.({ tf, layers, shape, input, classes: classes.length, seed });
  if (!(model instanceof tf.LayersModel)) {
    throw new QfxError(`run "${run.name}": ${which}`, 'must return a tf.sequential or tf.model');
  }
  const [unmatched] = made.flatMap(unmatchedPatterns);
  if (unmatched !== undefined) {
    const names = model.layers.map(({ name }) => name).join(', ');
    throw new QfxError(`run "${run.name}": ${which}`, `no layer matches "${unmatched}", its layers are: ${names}`);
  }
  return model;
}
