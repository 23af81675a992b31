import type { PlacedQuantizer } from '../freeze/model.js';
import type { Quantizer } from '../quantizer.js';
import type { QuantizerReport } from '../quantizer-statistics.js';

/** Training images on which quantizers are watched at the end of an epoch, the first ones. */
export const watchedImages = 32;
/** Saturated values, as a share of all, above which a quantizer saturates too much. */
const saturatedShare = 0.1;
/** Turns of one binary point within an epoch above which it oscillates. */
const turnsOfEpoch = 8;

/** A quantizer that hurts. */
export interface TrainingWarning {
  /** Name of the layer. */
  readonly layer: string;
  /** `weights`, `bias`, `scale`, `offset` or `output`. */
  readonly role: string;
  /**
   * `saturates`: too many values are beyond the range of the type. `dead`: all values of an output are the same, or all of a
   * parameter became 0. `oscillates`: a binary point turned back again and again.
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

/** What is wrong with the quantizers of a network, in its order. */
export function findWarnings(
  quantizers: readonly PlacedQuantizer[],
  reports: ReadonlyMap<Quantizer, QuantizerReport>,
  turns: ReadonlyMap<Quantizer, number>,
): KeyedWarning[] {
  return quantizers.flatMap(({ layer, role, quantizer }, position) => {
    const found: KeyedWarning[] = [];
    const add = (problem: TrainingWarning['problem'], measured: number) =>
      found.push({ key: `${position} ${problem}`, warning: { layer, role, problem, measured } });
    const report = reports.get(quantizer);
    if (report !== undefined) {
      const { saturated, zeros, values } = report;
      if (saturated > saturatedShare * values) add('saturates', saturated / values);
      if (isDead(role, report)) add('dead', zeros / values);
    }
    const turned = turns.get(quantizer) ?? 0;
    if (turned > turnsOfEpoch) add('oscillates', turned);
    return found;
  });
}

/** A parameter may be 0 by itself, such as a bias at the start; a quantizer is dead that makes it so. */
function isDead(role: string, { isConstant, underflows, zeros, values }: QuantizerReport): boolean {
  return role === 'output' ? isConstant && values > 1 : zeros === values && underflows > 0;
}
