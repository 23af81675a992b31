import { QfxError } from '../qfx/errors.js';
import { plausibleBinaryPoints } from '../qfx/number/binary-point.js';
import type { UnplacedType } from '../qfx/number/binary-point.js';
import type { IntegerTensor } from '../qfx/number/raw-array.js';
import type { TensorType } from '../qfx/number/type.js';
import { bestBinaryPoints } from './binary-point-search.js';
import { cast, castKernel } from './kernels/cast.js';
import type { CastAttributes, CastPart } from './kernels/cast.js';
import { castErrorKernel } from './kernels/cast-error.js';
import { trainingOverflow } from './kernels/cast-table.js';
import { maximumTrainedBinaryPoint, resolveQuantizerConfig } from './quantizer-config.js';
import type { QuantizerConfig, ResolvedQuantizerConfig } from './quantizer-config.js';
import { hasKernel, peek, runKernel, tf } from './tensorflow.js';

export type { QuantizerConfig, ResolvedQuantizerConfig };

/** A weight that somebody owns: a layer of the tensor library, or a test. tf.LayerVariable is one. */
export interface OwnedVariable {
  read(): tf.Tensor;
  write(value: tf.Tensor): unknown;
}

/** Makes a float32 weight filled with one number and keeps it where it is saved, loaded and trained. */
type AddWeight = (name: string, shape: number[], initialValue: number, trainable: boolean) => OwnedVariable;

/** Values of the third row of a quantizer's state. */
const uninitialized = 0;
const learning = 1;
const frozen = 2;

interface LearnedPosition {
  /** theta, [channels]: the binary point as a real number is p = learningRateScale * theta. */
  readonly theta: OwnedVariable;
  /** [3, channels]: the binary point found on the first batch, the frozen one, and the stage. */
  readonly state: OwnedVariable;
}

/** What the weight of that name says. */
interface State {
  readonly initialPoints: number[];
  readonly frozenPoints: number[];
  readonly stage: number;
}

let bypassDepth = 0;

/**
 * Runs `body` with all quantizers switched off: their `apply` returns its argument. Measures the accuracy of the same
 * weights in floating point. A promise keeps them off until it settles.
 */
export function withoutQuantizers<T>(body: () => T): T {
  bypassDepth++;
  let pending = false;
  try {
    const result = body();
    if (!(result instanceof Promise)) return result;
    pending = true;
    return result.finally(() => bypassDepth--) as T;
  } finally {
    if (!pending) bypassDepth--;
  }
}

/** True inside of `withoutQuantizers`. */
export function areQuantizersBypassed(): boolean {
  return bypassDepth > 0;
}

/**
 * Casts a tensor to a fixed-point type whose word length is given and whose binary point is learned
 * (docs/number-system.md): F = floor(p + 1/2) with p real and trainable, found on the first batch by exhaustive search,
 * trained straight through the rounding, and frozen at the better of the two integers around it.
 * All of its state lives in the two weights of `createVariables`.
 */
export class Quantizer {
  readonly config: ResolvedQuantizerConfig;
  private readonly unplaced: UnplacedType;
  private learned: LearnedPosition | undefined;
  private channelAxis: number | undefined;
  private knownAttributes: CastAttributes | undefined;
  /** The state as last read. Tensors are immutable: a weight that changes gets another data id. */
  private knownState: { readonly dataId: object; readonly state: State } | undefined;

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
    const { signed, wordLength, rounding, overflow, kHot } = this.config;
    this.unplaced = { signed, wordLength, rounding, overflow, ...(kHot && { kHot }) };
  }

  /**
   * Makes the weights; call it once, when the shape is known.
   * @param shape of the tensors to come, as the frozen type shall see it (activations: without the batch). The last
   * axis counts the channels; other sizes may be null.
   */
  createVariables(addWeight: AddWeight, shape: readonly (number | null)[]): void {
    let channels = 1;
    if (this.config.granularity === 'channel') {
      const last = shape.at(-1);
      if (last === undefined || last === null) {
        throw new QfxError(
          this.where,
          `granularity "channel" on shape [${shape.join(', ')}] without a known last axis`,
        );
      }
      channels = last;
      this.channelAxis = shape.length - 1;
    }
    if (this.config.binaryPoint !== 'learned') return;
    this.learned = {
      theta: addWeight(`${this.name}_theta`, [channels], 0, true),
      state: addWeight(`${this.name}_state`, [3, channels], uninitialized, false),
    };
  }

  /** False when binary points are given, and so never move. */
  get isLearned(): boolean {
    return this.config.binaryPoint === 'learned';
  }

  /** True when binary points are known: given, found on a first batch, or loaded. */
  get isInitialized(): boolean {
    return this.config.binaryPoint !== 'learned' || this.readState().stage !== uninitialized;
  }

  /** True when binary points do not move any more. */
  get isFrozen(): boolean {
    return this.config.binaryPoint !== 'learned' || this.readState().stage === frozen;
  }

  /** The binary points now: one, or one a channel. */
  get binaryPoints(): number[] {
    if (this.config.binaryPoint !== 'learned') return [this.config.binaryPoint];
    const { stage, frozenPoints } = this.readState();
    if (stage === uninitialized) throw this.notInitialized();
    return stage === frozen ? frozenPoints : this.positions.map((position) => Math.floor(position + 0.5));
  }

  /** The binary points that the exhaustive search found on the first batch. */
  get initialBinaryPoints(): number[] {
    if (this.config.binaryPoint !== 'learned') return [this.config.binaryPoint];
    const { stage, initialPoints } = this.readState();
    if (stage === uninitialized) throw this.notInitialized();
    return initialPoints;
  }

  /** p, the binary points as the real numbers that training moves. */
  get positions(): number[] {
    const { learningRateScale } = this.config;
    return [...peek(this.variables.theta.read())].map((theta) => theta * learningRateScale);
  }

  /** Sets p and starts learning from there. */
  set positions(positions: readonly number[]) {
    const { theta, state } = this.variables;
    const channels = theta.read().size;
    if (positions.length !== channels) {
      throw new QfxError(this.where, `${positions.length} binary points, needed: ${channels}`);
    }
    const { learningRateScale } = this.config;
    const initial = positions.map((position) => Math.floor(position + 0.5));
    writeOwned(
      theta,
      positions.map((position) => position / learningRateScale),
    );
    writeOwned(state, [...initial, ...initial, ...initial.map(() => learning)]);
  }

  /** Mean of (x - cast(x))^2 with the binary points as they are now. */
  meanSquaredError(x: tf.Tensor): number {
    const attributes = { ...this.unplaced, binaryPoints: this.binaryPoints };
    const [errors] = runKernel(castErrorKernel.name, { x }, attributes);
    const sum = peek(errors).reduce((total, error) => total + error, 0);
    errors.dispose();
    return sum / x.size;
  }

  /** Puts the binary points where the squared error on `x` is smallest, by trying all plausible ones. */
  initialize(x: tf.Tensor): void {
    if (this.config.binaryPoint !== 'learned') return;
    const columns = this.columns(x);
    const candidates = columns.map((values) => plausibleBinaryPoints(values, this.unplaced));
    this.positions = bestBinaryPoints(x, columns, this.unplaced, candidates);
  }

  /**
   * cast(x), differentiable in x and in the binary point. The first call finds the binary points on `x`.
   * @param training saturates where the type wraps, since wrapping has no useful gradient
   * @throws QfxError for binary points beyond float32's range
   */
  apply(x: tf.Tensor, { training }: { training: boolean }): tf.Tensor {
    const part = this.castPart({ training }, () => x);
    return part === undefined ? x.clone() : cast(x, part);
  }

  /**
   * The same for an operation that makes the cast a part of its own pass over the data.
   * @param values what is cast; asked for where no binary points are known yet, to find them on it
   * @returns undefined inside of `withoutQuantizers`
   */
  castPart({ training }: { training: boolean }, values?: () => tf.Tensor): CastPart | undefined {
    if (bypassDepth > 0) return undefined;
    if (!hasKernel(castKernel.name)) {
      throw new QfxError(
        this.where,
        `backend "${tf.getBackend()}" lacks QFX's kernels, call initializeBackend() first`,
      );
    }
    if (values !== undefined && !this.isInitialized) this.initialize(values());
    return { attributes: this.castAttributes(training), theta: this.learned?.theta.read() };
  }

  /**
   * Fixes each binary point for good at that integer next to p which has the smaller squared error on `x`. Training
   * leaves p between the best position and a neighbour, so its last rounding would be a coin toss; one that has not moved since
   * it was placed, or was chosen by other means, is an integer and stays.
   */
  freeze(x: tf.Tensor): void {
    if (this.isFrozen) return;
    const { stage, initialPoints } = this.readState();
    if (stage === uninitialized) throw this.notInitialized();
    // Adding 0 makes a whole number of what Math.ceil leaves as -0.
    const candidates = this.positions.map((position) => [Math.floor(position), Math.ceil(position) + 0]);
    const chosen = bestBinaryPoints(x, this.columns(x), this.unplaced, candidates);
    writeOwned(this.variables.state, [...initialPoints, ...chosen, ...chosen.map(() => frozen)]);
  }

  /** The fixed-point type now; per channel along the last axis of the shape given to `createVariables`. */
  type(): TensorType {
    const { binaryPoints } = this;
    const isSpread = this.channelAxis !== undefined && binaryPoints.length > 1;
    const { kHot, ...modes } = this.unplaced;
    return {
      ...modes,
      ...(kHot && { kHot: { terms: kHot.terms, digits: kHot.digits } }),
      binaryPoint: isSpread ? { axis: this.channelAxis as number, values: binaryPoints } : binaryPoints[0],
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

  private get variables(): LearnedPosition {
    if (this.learned === undefined) throw new QfxError(this.where, 'has no weights, call createVariables() first');
    return this.learned;
  }

  private readState(): State {
    const { dataId } = this.variables.state.read();
    if (this.knownState?.dataId !== dataId) {
      const values = Array.from(this.variables.state.read().dataSync());
      const channels = values.length / 3;
      const state = {
        initialPoints: values.slice(0, channels),
        frozenPoints: values.slice(channels, 2 * channels),
        stage: values[2 * channels],
      };
      this.knownState = { dataId, state };
    }
    return this.knownState.state;
  }

  private notInitialized(): QfxError {
    return new QfxError(this.where, 'has no binary point yet: it is found on the first batch');
  }

  /** The values that share a binary point. */
  private columns(x: tf.Tensor): Float32Array[] {
    const values = x.dataSync() as Float32Array;
    const channels = this.variables.theta.read().size;
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
    const attributes = { ...this.unplaced, overflow, binaryPoints, positionScale };
    // The same object while nothing changes: kernels keep what they derive from it.
    const { knownAttributes: known } = this;
    if (known !== undefined && isSameCast(known, attributes)) return known;
    return (this.knownAttributes = attributes);
  }
}

function isSameCast(one: CastAttributes, other: CastAttributes): boolean {
  return (
    one.overflow === other.overflow &&
    one.positionScale === other.positionScale &&
    one.binaryPoints.length === other.binaryPoints.length &&
    one.binaryPoints.every((point, channel) => point === other.binaryPoints[channel])
  );
}

function writeOwned(variable: OwnedVariable, values: readonly number[]): void {
  tf.tidy(() => void variable.write(tf.tensor([...values], variable.read().shape, 'float32')));
}
