import { QfxError } from '../../qfx/errors.js';
import { createLayers, unmatchedPatterns } from '../layers/index.js';
import type { Layers } from '../layers/index.js';
import { tf } from '../tensorflow.js';
import type { NetworkData, RunDescription } from './run-description.js';

/** The network of a run description with its initial weights. Throws QfxError when it makes none. */
export async function buildModel(
  run: Pick<RunDescription, 'name' | 'model'>,
  { shape, classes, input }: NetworkData,
  seed: number,
): Promise<tf.LayersModel> {
  const made: Layers[] = [];
  const layers: typeof createLayers = (defaults) => {
    const factories = createLayers({ seed, ...defaults });
    made.push(factories);
    return factories;
  };
  const model = await run.model({ tf, layers, shape, input, classes: classes.length, seed });
  if (!(model instanceof tf.LayersModel)) {
    throw new QfxError(`run "${run.name}": model`, 'must return a tf.sequential or tf.model');
  }
  const [unmatched] = made.flatMap(unmatchedPatterns);
  if (unmatched !== undefined) {
    const names = model.layers.map(({ name }) => name).join(', ');
    throw new QfxError(`run "${run.name}": model`, `no layer matches "${unmatched}", its layers are: ${names}`);
  }
  return model;
}
