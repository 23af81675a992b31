import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import { parseConfiguration } from '../configuration.js';
import { requireSeeds } from '../layers/sources.js';
import { tf } from '../tensorflow.js';
import { freezeBinaryPoints, freezeStatistics } from './fixing.js';

const schema = z.strictObject({
  binaryPointsAt: z.int().min(0).optional(),
  statisticsAt: z.int().min(0).optional(),
  batch: z.instanceof(tf.Tensor),
});

/** When trainable things become final while `model.fit` runs. Epochs count from 0; what is left out stays as it is. */
export interface FreezeSchedule {
  /** At the begin of this epoch every binary point is set to the better of its two neighbours, measured on `batch`. */
  readonly binaryPointsAt?: number;
  /** At the begin of this epoch BatchNorm's statistics are measured again on `batch` and stay. */
  readonly statisticsAt?: number;
  /** Real inputs, [images, ...shape]; a few hundred are enough. It must live as long as the training. */
  readonly batch: tf.Tensor;
}

/**
 * A callback for `model.fit` that freezes binary points and statistics on schedule.
 * @throws QfxError for an unknown key or a wrong value
 */
export function freezeSchedule(schedule: FreezeSchedule): tf.Callback {
  return new ScheduledFreeze(parseConfiguration(schema, schedule, 'freezeSchedule'));
}

class ScheduledFreeze extends tf.Callback {
  constructor(private readonly schedule: FreezeSchedule) {
    super();
  }

  override async onTrainBegin(): Promise<void> {
    requireSeeds(this.trained);
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    const { statisticsAt, binaryPointsAt, batch } = this.schedule;
    const model = this.trained;
    if (epoch === statisticsAt) freezeStatistics(model, [batch]);
    if (epoch === binaryPointsAt) freezeBinaryPoints(model, batch);
  }

  private get trained(): tf.LayersModel {
    if (this.model instanceof tf.LayersModel) return this.model;
    throw new QfxError('freezeSchedule', 'is a callback of model.fit');
  }
}
