import { QfxError } from '../qfx/errors.js';
import { plausibleBinaryPoints } from '../qfx/number/binary-point.js';
import type { UnplacedType } from '../qfx/number/binary-point.js';
import type { IntegerTensor } from '../qfx/number/raw-array.js';
import { elementCount } from '../qfx/number/shape.js';
import type { Spread, TensorType } from '../qfx/number/type.js';
import { bestBinaryPoints } from './binary-point-search.js';
import { cast, castKernel, isSameCast } from './kernels/cast.js';
import type { CastAttributes, CastPart } from './kernels/cast.js';
import { castErrorKernel } from './kernels/cast-error.js';
import { trainingOverflow } from './kernels/cast-table.js';
import { LearnedFormat } from './learned-format.js';
import type { AddWeight, OwnedVariable } from './learned-format.js';
import { longestWord, maximumTrainedBinaryPoint, resolveQuantizerConfig } from './quantizer-config.js';
import type { QuantizerConfig, ResolvedQuantizerConfig } from './quantizer-config.js';
import { areQuantizersBypassed, isSwitchedOff, withOnlyQuantizers, withoutQuantizers } from './quantizer-switch.js';
import { hasKernel, peek, runKernel, tf } from './tensorflow.js';

export { areQuantizersBypassed, withOnlyQuantizers, withoutQuantizers };
export type { OwnedVariable, QuantizerConfig, ResolvedQuantizerConfig };

/**
 * Casts a tensor to a fixed-point type whose binary point is learned (docs/number-system.md): F = floor(p + 1/2) with p real
 * and trainable, found on the first batch by exhaustive search, trained straight through the rounding, and frozen at an integer.
 * The word length is given, or learned as W = F + I with integer bits I that are trained in the same way.
 * All of its state lives in the two weights of `createVariables`.
 */
export class Quantizer {
  readonly config: ResolvedQuantizerConfig;
  private readonly unplaced: UnplacedType;
  private learned: LearnedFormat | undefined;
  private shape: readonly (number | null)[] = [];
  private knownAttributes: CastAttributes | undefined;

  /**
   * @param name names its weights, `<name>_theta` and `<name>_state`: unique within the owner
   * @param where what errors say first, for example `layer "conv1": weights`
   * @throws QfxError for a wrong configuration
   */
  constructor(
    config: QuantizerConfig,
    readonly name: string,
    private readonly where = `quantizer "${name}"`,
  ) {
    this.config = resolveQuantizerConfig(config, where);
    const { signed, rounding, overflow, kHot } = this.config;
    this.unplaced = { signed, wordLength: longestWord(this.config), rounding, overflow, ...(kHot && { kHot }) };
  }

  /**
   * Makes the weights; call it once, when the shape is known.
   * @param shape of the tensors to come, as the frozen type shall see it (activations: without the batch). The last
   * axis counts the channels; sizes that need not be known for the granularity may be null.
   */
  createVariables(addWeight: AddWeight, shape: readonly (number | null)[]): void {
    const groups = this.countGroups(shape);
    this.shape = shape;
    if (!this.isLearned) return;
    const { name, where, config } = this;
    this.learned = new LearnedFormat(addWeight, { name, where, config, groups });
  }

  /** True where the word length is trained, too. */
  get learnsWordLength(): boolean {
    return typeof this.config.wordLength === 'object';
  }

  /** The word lengths now, in bits: one, or one a channel or element. */
  get wordLengths(): number[] {
    const { wordLength } = this.config;
    return typeof wordLength === 'number' ? [wordLength] : this.format.wordLengths;
  }

  /** False when binary points are given, and so never move. */
  get isLearned(): boolean {
    return this.config.binaryPoint === 'learned';
  }

  /** True when binary points are known: given, found on a first batch, or loaded. */
  get isInitialized(): boolean {
    return !this.isLearned || this.format.isInitialized;
  }

  /** True when binary points do not move any more. */
  get isFrozen(): boolean {
    return !this.isLearned || this.format.isFrozen;
  }

  /** The binary points now: one, or one a channel or element. */
  get binaryPoints(): number[] {
    const { binaryPoint } = this.config;
    return binaryPoint === 'learned' ? this.format.binaryPoints : [binaryPoint];
  }

  /** The binary points that training started from: those that the exhaustive search found on the first batch, or given ones. */
  get initialBinaryPoints(): number[] {
    const { binaryPoint } = this.config;
    return binaryPoint === 'learned' ? this.format.initialBinaryPoints : [binaryPoint];
  }

  /** p, the binary points as the real numbers that training moves. */
  get positions(): number[] {
    return this.format.positions;
  }

  /** Sets p and starts learning from there, a learned word length from its initial one. */
  set positions(positions: readonly number[]) {
    this.format.positions = positions;
  }

  /** Forgets its binary points: they are found on the next values that come by. */
  forgetBinaryPoints(): void {
    this.format.forget();
  }

  /** I, the integer bits as the real numbers that training moves; empty where the word length is given. */
  get integerPositions(): number[] {
    return this.format.integerPositions;
  }

  /** What a learned word length is trained by, F and I. */
  get wordLengthWeights(): tf.Tensor[] {
    return this.format.wordLengthWeights;
  }

  /** Mean of (x - cast(x))^2 with the binary points as they are now. */
  meanSquaredError(x: tf.Tensor): number {
    const { spreadWordLengths: wordLengths } = this;
    const attributes = {
      ...this.typeWithoutPlace,
      ...(wordLengths && { wordLengths }),
      binaryPoints: this.binaryPoints,
    };
    const [errors] = runKernel(castErrorKernel.name, { x }, attributes);
    const sum = peek(errors).reduce((total, error) => total + error, 0);
    errors.dispose();
    return sum / x.size;
  }

  /** Puts the binary points where the squared error on `x` is smallest, by trying all plausible ones. */
  initialize(x: tf.Tensor): void {
    if (this.isLearned) this.positions = this.search(x);
  }

  /**
   * The binary points with the smallest squared error on `x`, of all plausible ones; changes nothing. Those of single elements are
   * no finer than the best one of the whole tensor: what is below its last bit makes no difference, and sums would be wide.
   */
  search(x: tf.Tensor): number[] {
    const columns = this.columns(x);
    const { wordLengths, typeWithoutPlace: type } = this;
    const finest = this.config.granularity === 'element' ? bestOfTensor(x, type) : Infinity;
    const candidates = columns.map((values, group) => {
      const points = plausibleBinaryPoints(values, { ...type, wordLength: wordLengths[group] ?? wordLengths[0] });
      return points.map((point) => Math.min(point, finest));
    });
    return bestBinaryPoints(x, columns, type, candidates, this.spreadWordLengths);
  }

  /**
   * cast(x), differentiable in x and in what its format is learned by. The first call finds the binary points on `x`.
   * @param training saturates where the type wraps, since wrapping has no useful gradient
   * @throws QfxError for binary points beyond float32's range
   */
  apply(x: tf.Tensor, { training }: { training: boolean }): tf.Tensor {
    const part = this.castPart({ training }, () => x);
    return part === undefined ? x.clone() : cast(x, part);
  }

  /**
   * The same for an operation that makes the cast a part of its own. One that makes it a part of its pass over the data has no
   * gradient for a word length that is learned: there, use `apply`.
   * @param values what is cast; asked for where no binary points are known yet, to find them on it
   * @returns undefined where it is switched off
   */
  castPart({ training }: { training: boolean }, values?: () => tf.Tensor): CastPart | undefined {
    if (isSwitchedOff(this)) return undefined;
    if (!hasKernel(castKernel.name)) {
      throw new QfxError(
        this.where,
        `backend "${tf.getBackend()}" lacks QFX's kernels, call initializeBackend() first`,
      );
    }
    if (values !== undefined && !this.isInitialized) this.initialize(values());
    const { theta, integerTheta } = this.learned ?? {};
    return {
      attributes: this.castAttributes(training),
      theta: theta?.read(),
      integerTheta: integerTheta?.read(),
    };
  }

  /**
   * Fixes each binary point for good at that integer next to p which has the smaller squared error on `x`. Training
   * leaves p between the best position and a neighbour, so its last rounding would be a coin toss; one that has not moved since
   * it was placed, or was chosen by other means, is an integer and stays.
   */
  freeze(x: tf.Tensor): void {
    if (this.isFrozen) return;
    this.format.requireInitialized();
    // Adding 0 makes a whole number of what Math.ceil leaves as -0.
    const candidates = this.positions.map((position) => [Math.floor(position), Math.ceil(position) + 0]);
    this.freezeAt(bestBinaryPoints(x, this.columns(x), this.typeWithoutPlace, candidates, this.spreadWordLengths));
  }

  /** Fixes its binary points at these integers, and its word lengths as they are now; the last call of several counts. */
  freezeAt(points: readonly number[], wordLengths?: readonly number[]): void {
    this.format.freezeAt(points, wordLengths);
  }

  /** The fixed-point type now; per channel along the last axis of the shape given to `createVariables`, or per element. */
  type(): TensorType {
    const { binaryPoints } = this;
    const { kHot, ...modes } = this.unplaced;
    const spread = (values: readonly number[]): Spread => {
      if (values.length === 1) return values[0];
      return this.config.granularity === 'element' ? { elements: values } : { axis: this.shape.length - 1, values };
    };
    return {
      ...modes,
      wordLength: this.spreadWordLengths === undefined ? this.wordLengths[0] : spread(this.wordLengths),
      ...(kHot && { kHot: { terms: kHot.terms, digits: kHot.digits } }),
      binaryPoint: spread(binaryPoints),
    };
  }

  /** Raw integers of cast(x), with the type's own overflow mode: what the frozen network will hold. */
  rawOf(x: tf.Tensor): IntegerTensor {
    const format = this.type();
    const binaryPoints = this.binaryPoints;
    const [y] = tf.tidy(() => runKernel(castKernel.name, { x }, this.castAttributes(false)));
    const raw = Float64Array.from(
      y.dataSync(),
      (value, index) => value * 2 ** binaryPoints[index % binaryPoints.length],
    );
    y.dispose();
    return { shape: x.shape, format, raw };
  }

  private get format(): LearnedFormat {
    if (this.learned === undefined) throw new QfxError(this.where, 'has no weights, call createVariables() first');
    return this.learned;
  }

  /** Everything of its type now but the binary point, with the longest of its word lengths. */
  private get typeWithoutPlace(): UnplacedType {
    return { ...this.unplaced, wordLength: this.wordLengths.reduce((longest, bits) => Math.max(longest, bits)) };
  }

  /** The word lengths where they are not all alike. */
  private get spreadWordLengths(): readonly number[] | undefined {
    if (!this.learnsWordLength) return undefined;
    const { wordLengths } = this;
    return wordLengths.every((wordLength) => wordLength === wordLengths[0]) ? undefined : wordLengths;
  }

  /** How many binary points tensors of this shape have. */
  private countGroups(shape: readonly (number | null)[]): number {
    const { granularity } = this.config;
    if (granularity === 'tensor') return 1;
    const needed = granularity === 'channel' ? shape.slice(-1) : shape;
    const known = needed.filter((size) => size !== null);
    if (shape.length > 0 && known.length === needed.length) return elementCount(known);
    const what = granularity === 'channel' ? 'a known last axis' : 'known sizes';
    throw new QfxError(this.where, `granularity "${granularity}" on shape [${shape.join(', ')}] without ${what}`);
  }

  /** The values that share a binary point. */
  private columns(x: tf.Tensor): Float32Array[] {
    const values = x.dataSync() as Float32Array;
    const channels = this.format.groups;
    if (channels === 1) return [values];
    const rows = values.length / channels;
    return Array.from({ length: channels }, (_, channel) =>
      Float32Array.from({ length: rows }, (_, row) => values[row * channels + channel]),
    );
  }

  private castAttributes(training: boolean): CastAttributes {
    const { binaryPoints } = this;
    const beyond = binaryPoints.find((point) => Math.abs(point) > maximumTrainedBinaryPoint);
    if (beyond !== undefined) {
      throw new QfxError(this.where, `binary point ${beyond}, float32 tensors allow +-${maximumTrainedBinaryPoint}`);
    }
    const overflow = training ? trainingOverflow(this.unplaced.overflow) : this.unplaced.overflow;
    // A frozen position still gets a gradient, zero: optimisers count gradients by their order.
    const positionScale = this.isFrozen ? 0 : this.config.learningRateScale;
    const { wordLengths } = this;
    const attributes: CastAttributes = {
      ...this.typeWithoutPlace,
      overflow,
      binaryPoints,
      positionScale,
      ...(this.spreadWordLengths && { wordLengths }),
    };
    // The same object while nothing changes: kernels keep what they derive from it.
    const { knownAttributes: known } = this;
    if (known !== undefined && isSameCast(known, attributes)) return known;
    return (this.knownAttributes = attributes);
  }
}

/** The binary point with the smallest squared error on all of `x`. */
function bestOfTensor(x: tf.Tensor, type: UnplacedType): number {
  const values = x.dataSync() as Float32Array;
  return bestBinaryPoints(x, [values], type, [plausibleBinaryPoints(values, type)])[0];
}
