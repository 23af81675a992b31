import type { PlacedQuantizer } from '../freeze/model.js';
import type { Quantizer } from '../quantizer.js';
import { reportQuantizer, wantsRange } from '../quantizer-statistics.js';
import type { QuantizerReport } from '../quantizer-statistics.js';
import type { tf } from '../tensorflow.js';

/** Training images on which quantizers are watched at the end of an epoch, the first ones. */
export const watchedImages = 32;
/** Saturated values, as a share of all, from which on it is asked whether a quantizer lacks range. */
const saturatedShare = 0.1;
/** Turns of one binary point, as a share of the steps of an epoch, above which it oscillates. */
const turningShare = 1 / 8;

/** A quantizer that hurts. */
export interface TrainingWarning {
  /** Name of the layer. */
  readonly layer: string;
  /** `weights`, `bias`, `scale`, `offset` or `output`. */
  readonly role: string;
  /**
   * `saturates`: many values are beyond the range of the type, and a smaller binary point would at least halve the squared error.
   * `dead`: all values of an output are the same, or all of a parameter became 0 at a binary point that moves no more.
   * `oscillates`: a binary point that still moves turns back again and again.
   */
  readonly problem: 'saturates' | 'dead' | 'oscillates';
  /** The share of saturated values 0..1, or the turns of the epoch; of a dead quantizer the share of zeros. */
  readonly measured: number;
}

/** A warning and what tells it apart, since each comes once in a run: names of layers may be automatic, places stay. */
export interface KeyedWarning {
  readonly key: string;
  readonly warning: TrainingWarning;
}

/** What a quantizer does to its values, and whether it saturates more than it has to. */
export interface WatchedQuantizer extends QuantizerReport {
  readonly lacksRange: boolean;
}

/** Looks at a quantizer and the values that it casts. */
export function watchQuantizer(quantizer: Quantizer, values: tf.Tensor): WatchedQuantizer {
  const report = reportQuantizer(quantizer, values);
  const isBeyond = report.saturated > saturatedShare * report.values;
  return { ...report, lacksRange: isBeyond && wantsRange(quantizer, values) };
}

/**
 * What is wrong with the quantizers of a network, in its order.
 * @param turns of their binary points in the last steps, so many as `steps`
 */
export function findWarnings(
  quantizers: readonly PlacedQuantizer[],
  reports: ReadonlyMap<Quantizer, WatchedQuantizer>,
  turns: ReadonlyMap<Quantizer, number>,
  steps: number,
): KeyedWarning[] {
  return quantizers.flatMap(({ layer, role, quantizer }, position) => {
    const found: KeyedWarning[] = [];
    const add = (problem: TrainingWarning['problem'], measured: number) =>
      found.push({ key: `${position} ${problem}`, warning: { layer, role, problem, measured } });
    const report = reports.get(quantizer);
    if (report !== undefined) {
      const { saturated, zeros, values } = report;
      if (report.lacksRange) add('saturates', saturated / values);
      if (isDead(role, quantizer, report)) add('dead', zeros / values);
    }
    const turned = turns.get(quantizer) ?? 0;
    if (turned > turningShare * steps && !quantizer.isFrozen) add('oscillates', turned);
    return found;
  });
}

/**
 * A parameter may be 0 by itself, such as a bias at the start, whose binary point then knows nothing of the values to come: it is
 * dead once its quantizer makes it 0 for good. Words of 0 bits were taken from it by a budget.
 */
function isDead(
  role: string,
  quantizer: Quantizer,
  { isConstant, underflows, zeros, values }: QuantizerReport,
): boolean {
  if (role === 'output') return isConstant && values > 1;
  const isPruned = quantizer.wordLengths.every((wordLength) => wordLength === 0);
  return quantizer.isFrozen && !isPruned && zeros === values && underflows > 0;
}
