import { QfxError } from '../qfx/errors.js';
import type { LearnedWordLength, ResolvedQuantizerConfig } from './quantizer-config.js';
import { peek, tf } from './tensorflow.js';

/** A weight that somebody owns: a layer of the tensor library, or a test. tf.LayerVariable is one. */
export interface OwnedVariable {
  read(): tf.Tensor;
  write(value: tf.Tensor): unknown;
}

/** Makes a float32 weight filled with one number and keeps it where it is saved, loaded and trained. */
export type AddWeight = (name: string, shape: number[], initialValue: number, trainable: boolean) => OwnedVariable;

/** Values of the third row of the state. */
const uninitialized = 0;
const learning = 1;
const frozen = 2;

/** What the weight of that name says. */
interface State {
  readonly initialPoints: number[];
  readonly frozenPoints: number[];
  readonly stage: number;
  /** Empty where the word length is given. */
  readonly frozenWordLengths: number[];
}

/** What a learned format belongs to, and how it is learned. */
interface LearnedFormatSetup {
  /** Names its weights: unique within the owner. */
  readonly name: string;
  /** What errors say first. */
  readonly where: string;
  readonly config: Pick<ResolvedQuantizerConfig, 'wordLength' | 'learningRateScale'>;
  /** How many binary points there are: one for a tensor, one for each index of an axis, or one for each element. */
  readonly groups: number;
}

/**
 * Binary points, and word lengths where they are learned, as the weights of their owner: what is trained, where it started, and
 * what it was frozen at.
 */
export class LearnedFormat {
  /** theta, [groups]: the binary point as a real number is p = learningRateScale * theta. */
  readonly theta: OwnedVariable;
  /** Where the word length is learned, [groups]: the integer bits I as a real number, in the same units. */
  readonly integerTheta: OwnedVariable | undefined;
  /**
   * [3, groups]: the binary point found on the first batch, the frozen one, and the stage; where the word length is
   * learned, a fourth row with the frozen ones.
   */
  private readonly state: OwnedVariable;
  private readonly where: string;
  private readonly config: LearnedFormatSetup['config'];
  readonly groups: number;
  /** The state as last read. Tensors are immutable: a weight that changes gets another data id. */
  private knownState: { readonly dataId: object; readonly state: State } | undefined;

  constructor(addWeight: AddWeight, { name, where, config, groups }: LearnedFormatSetup) {
    this.where = where;
    this.config = config;
    this.groups = groups;
    this.theta = addWeight(`${name}_theta`, [groups], 0, true);
    this.integerTheta = this.learnedWordLength && addWeight(`${name}_integer_theta`, [groups], 0, true);
    this.state = addWeight(`${name}_state`, [this.learnedWordLength ? 4 : 3, groups], uninitialized, false);
  }

  /** True when binary points were found on a first batch, or loaded. */
  get isInitialized(): boolean {
    return this.readState().stage !== uninitialized;
  }

  /** True when binary points do not move any more. */
  get isFrozen(): boolean {
    return this.readState().stage === frozen;
  }

  /** The word lengths now, in bits: one, or one a group. */
  get wordLengths(): number[] {
    const { wordLength } = this.config;
    if (typeof wordLength === 'number') return [wordLength];
    const { stage, frozenWordLengths } = this.readState();
    if (stage === frozen) return frozenWordLengths;
    if (stage === uninitialized) return frozenWordLengths.map(() => wordLength.initial);
    return this.formats(wordLength).map((format) => format.wordLength);
  }

  /** The binary points now, one a group. */
  get binaryPoints(): number[] {
    const { stage, frozenPoints } = this.readState();
    this.requireInitialized();
    if (stage === frozen) return frozenPoints;
    const { learnedWordLength } = this;
    if (learnedWordLength) return this.formats(learnedWordLength).map((format) => format.binaryPoint);
    return this.positions.map((position) => Math.floor(position + 0.5));
  }

  /** The binary points that training started from: found on the first batch, or set. */
  get initialBinaryPoints(): number[] {
    this.requireInitialized();
    return this.readState().initialPoints;
  }

  /** p, the binary points as the real numbers that training moves. */
  get positions(): number[] {
    return this.positionsOf(this.theta);
  }

  /** Sets p and starts learning from there, a learned word length from its initial one. */
  set positions(positions: readonly number[]) {
    this.requireCount(positions);
    const { learningRateScale } = this.config;
    const initial = positions.map((position) => Math.floor(position + 0.5));
    writeOwned(
      this.theta,
      positions.map((position) => position / learningRateScale),
    );
    const rows = [...initial, ...initial, ...initial.map(() => learning)];
    const { integerTheta, learnedWordLength: learned } = this;
    if (learned === undefined || integerTheta === undefined) {
      writeOwned(this.state, rows);
      return;
    }
    writeOwned(
      integerTheta,
      initial.map((point) => (learned.initial - point) / learningRateScale),
    );
    writeOwned(this.state, [...rows, ...initial.map(() => learned.initial)]);
  }

  /** Forgets where it is: the next values that come by decide. */
  forget(): void {
    writeOwned(
      this.state,
      Array.from({ length: this.state.read().size }, () => uninitialized),
    );
  }

  /** I, the integer bits as the real numbers that training moves; empty where the word length is given. */
  get integerPositions(): number[] {
    return this.integerTheta === undefined ? [] : this.positionsOf(this.integerTheta);
  }

  /** What a learned word length is trained by, F and I. */
  get wordLengthWeights(): tf.Tensor[] {
    return this.integerTheta === undefined ? [] : [this.theta.read(), this.integerTheta.read()];
  }

  /** @throws QfxError where no binary point is known yet */
  requireInitialized(): void {
    if (!this.isInitialized) throw new QfxError(this.where, 'has no binary point yet: it is found on the first batch');
  }

  /** Fixes the binary points at these integers, and the word lengths as they are now; the last call of several counts. */
  freezeAt(points: readonly number[], wordLengths: readonly number[] = this.wordLengths): void {
    const { initialBinaryPoints } = this;
    this.requireCount(points);
    const rows = [...initialBinaryPoints, ...points, ...points.map(() => frozen)];
    writeOwned(this.state, this.learnedWordLength ? [...rows, ...wordLengths] : rows);
  }

  /**
   * What the float32 of a weight stands for. One that was written for an integer and has not moved is that integer: a tenth of 3
   * times 10 is not, in float32.
   */
  private positionsOf(weight: OwnedVariable): number[] {
    const { learningRateScale } = this.config;
    return [...peek(weight.read())].map((theta) => {
      const position = theta * learningRateScale;
      const integer = Math.round(position);
      return Math.fround(integer / learningRateScale) === theta ? integer : position;
    });
  }

  private get learnedWordLength(): LearnedWordLength | undefined {
    const { wordLength } = this.config;
    return typeof wordLength === 'object' ? wordLength : undefined;
  }

  private requireCount(points: readonly number[]): void {
    if (points.length === this.groups) return;
    throw new QfxError(this.where, `${points.length} binary points, needed: ${this.groups}`);
  }

  private readState(): State {
    const { dataId } = this.state.read();
    if (this.knownState?.dataId !== dataId) {
      const { groups } = this;
      const values = Array.from(this.state.read().dataSync());
      const state = {
        frozenWordLengths: values.slice(3 * groups),
        initialPoints: values.slice(0, groups),
        frozenPoints: values.slice(groups, 2 * groups),
        stage: values[2 * groups],
      };
      this.knownState = { dataId, state };
    }
    return this.knownState.state;
  }

  /** W = F + I within its bounds: where I leaves no room, F gives way. */
  private formats({ minimum, maximum }: LearnedWordLength): { wordLength: number; binaryPoint: number }[] {
    const integers = this.integerPositions;
    return this.positions.map((position, group) => {
      const integerBits = Math.floor(integers[group] + 0.5);
      const wanted = Math.floor(position + 0.5) + integerBits;
      const wordLength = Math.max(minimum, Math.min(maximum, wanted));
      return { wordLength, binaryPoint: wordLength - integerBits };
    });
  }
}

function writeOwned(variable: OwnedVariable, values: readonly number[]): void {
  tf.tidy(() => void variable.write(tf.tensor([...values], variable.read().shape, 'float32')));
}
