import { join } from 'node:path';
import { validateDataSet } from '../../data/data-set.js';
import type { DataSet, ImagePart } from '../../data/data-set.js';
import { QfxError } from '../../qfx/errors.js';
import { tf } from '../tensorflow.js';
import { epochOrder, makeBatch } from './batches.js';
import { checkSameRun, copyWeights, readCheckpoint, writeCheckpoint, writeWeights } from './checkpoint.js';
import type { Checkpoint } from './checkpoint.js';
import { clipGradients } from './clipping.js';
import { evaluate } from './evaluate.js';
import type { Evaluation } from './evaluate.js';
import { freezeBinaryPoints, freezeStatistics } from '../freeze/fixing.js';
import { cutIntoShards, shardGradients, sumShards } from './gradients.js';
import { breathe } from './infer.js';
import { MetricsLog } from './metrics.js';
import { modelWeights } from './model-weights.js';
import { describeNetwork } from './network-description.js';
import { createOptimizer } from './optimizers.js';
import type { Optimizer } from './optimizers.js';
import type { TrainingConfig } from './options.js';
import { addSums, means, noSums } from './run-state.js';
import type { RunState } from './run-state.js';
import { learningRateAt } from './schedules.js';
import { checkModel } from './surroundings.js';
import type { TrainingProgress, TrainingResult, TrainingSurroundings } from './surroundings.js';

/** One run: its state, and the steps that change it. */
export class TrainingRun {
  private readonly trainPart: ImagePart;
  private readonly validationPart: ImagePart | undefined;
  private readonly optimizer: Optimizer;
  private readonly stepsPerEpoch: number;
  private readonly steps: number;
  private bestCheckpoint: Checkpoint | undefined;
  private metrics: MetricsLog | undefined;
  private order: { readonly epoch: number; readonly indices: Uint32Array } | undefined;
  private readonly startedAt = performance.now();
  private secondsBefore = 0;
  private trainingSeconds = 0;
  private stepsOfSession = 0;

  private constructor(
    private readonly model: tf.LayersModel,
    private readonly data: DataSet,
    private readonly config: TrainingConfig,
    private readonly surroundings: TrainingSurroundings,
    private state: RunState,
  ) {
    const { shape, train } = data;
    const trained = train.labels.length - config.validationImages;
    if (trained < config.batchSize)
      throw new QfxError(
        'training: batchSize',
        `${config.batchSize} images a step, but there are ${Math.max(0, trained)} training images` +
          (config.validationImages > 0 ? ` beside the ${config.validationImages} set aside for validation` : ''),
      );
    const size = shape[0] * shape[1] * shape[2];
    const cut = (from: number, to: number) => ({
      images: train.images.subarray(from * size, to * size),
      labels: train.labels.subarray(from, to),
    });
    this.trainPart = cut(0, trained);
    this.validationPart = config.validationImages > 0 ? cut(trained, train.labels.length) : undefined;
    this.optimizer = createOptimizer(config.optimizer);
    this.stepsPerEpoch = Math.floor(trained / config.batchSize);
    this.steps = this.stepsPerEpoch * config.epochs;
  }

  /** Checks that network, data and configuration fit, and starts a run or continues one. */
  static async open(
    model: tf.LayersModel,
    data: DataSet,
    config: TrainingConfig,
    surroundings: TrainingSurroundings,
  ): Promise<TrainingRun> {
    validateDataSet(data);
    checkModel(model, data);
    const start: RunState = {
      config,
      dataChecksum: data.checksum,
      network: describeNetwork(model),
      step: 0,
      epochs: 0,
      interval: noSums,
      epoch: noSums,
      frozen: { binaryPoints: false, statistics: false },
      best: null,
      finished: null,
      seconds: 0,
      metricsBytes: 0,
    };
    const run = new TrainingRun(model, data, config, surroundings, start);
    const { folder, resume } = surroundings;
    if (folder === undefined) return run;
    const last = resume ? await readCheckpoint(run.path('last')) : undefined;
    if (last !== undefined) {
      run.restore(last);
      if (last.state.best !== null) run.bestCheckpoint = await readCheckpoint(run.path('best'));
    }
    run.metrics = await MetricsLog.open(join(folder, 'metrics.jsonl'), run.state.metricsBytes);
    return run;
  }

  /** Does what is left of the run. */
  async finish(): Promise<TrainingResult> {
    try {
      await this.trainSteps();
    } catch (error) {
      if (this.surroundings.signal?.aborted) await this.save('last');
      throw error;
    }
    // Interrupted from here on, the checkpoint of the last epoch is where to continue.
    const { validation, test, stoppedEarly } = this.state.finished ?? (await this.conclude());
    const { config, seconds } = this;
    const { step: steps, epochs } = this.state;
    return { config, steps, epochs, stoppedEarly, validation: validation ?? undefined, test, seconds };
  }

  private async trainSteps(): Promise<void> {
    const { freezing } = this.config;
    for (;;) {
      if (this.state.epochs < Math.floor(this.state.step / this.stepsPerEpoch)) await this.endEpoch();
      if (this.state.step >= this.steps || this.isStoppedEarly) return;
      if (this.state.step >= Math.round(freezing.binaryPoints * this.steps)) await this.freeze('binaryPoints');
      if (this.state.step >= Math.round(freezing.statistics * this.steps)) await this.freeze('statistics');
      this.surroundings.signal?.throwIfAborted();
      await this.trainStep();
      if (this.stepsOfSession === 1) this.tryInference();
      await breathe();
    }
  }

  private async trainStep(): Promise<void> {
    const started = performance.now();
    const { batchSize, shards, seed, augmentation, gradientClipping, learningRate, logEvery } = this.config;
    const epoch = Math.floor(this.state.step / this.stepsPerEpoch);
    if (this.order?.epoch !== epoch)
      this.order = { epoch, indices: epochOrder(this.trainPart.labels.length, seed, epoch) };
    const first = (this.state.step % this.stepsPerEpoch) * batchSize;
    const batch = makeBatch(
      this.trainPart,
      this.data.shape,
      this.order.indices.subarray(first, first + batchSize),
      augmentation && { augmentation, seed, epoch },
    );
    const weights = modelWeights(this.model).filter((weight) => weight.trainable);
    const results = cutIntoShards(batch, shards).map((shard) =>
      shardGradients(this.model, weights, shard, this.data.shape, batchSize),
    );
    const loss = results.reduce((sum, result) => sum + result.loss, 0);
    const correct = results.reduce((sum, result) => sum + result.correct, 0);
    if (!Number.isFinite(loss))
      throw new QfxError(
        `training, step ${this.state.step}`,
        `the loss is ${loss}. Try a lower learning rate or gradient clipping.`,
      );
    const parameters = sumShards(weights, results);
    if (gradientClipping)
      clipGradients(
        parameters.map((parameter) => parameter.gradient),
        gradientClipping,
      );
    const rate = learningRateAt(learningRate, this.state.step, this.steps);
    this.optimizer.update(parameters, rate);
    weights.forEach((weight, position) => weight.write(parameters[position].values));
    this.state = {
      ...this.state,
      step: this.state.step + 1,
      interval: addSums(this.state.interval, loss, correct, batchSize),
      epoch: addSums(this.state.epoch, loss, correct, batchSize),
    };
    this.stepsOfSession++;
    this.trainingSeconds += (performance.now() - started) / 1e3;
    if (this.state.step % logEvery === 0) {
      const line = { kind: 'steps', step: this.state.step, epoch: epoch + 1, ...means(this.state.interval) } as const;
      this.state = { ...this.state, interval: noSums };
      await this.metrics?.write({ ...line, learningRate: rate, seconds: this.seconds });
    }
    this.report('training');
  }

  private async endEpoch(): Promise<void> {
    this.report('evaluating');
    const evaluated = await this.evaluate(this.validationPart ?? this.data.test);
    const epoch = this.state.epochs + 1;
    const isBest = this.state.best === null || evaluated.accuracy > this.state.best.accuracy;
    await this.metrics?.write({
      kind: 'epoch',
      step: this.state.step,
      epoch,
      ...means(this.state.epoch),
      evaluatedOn: this.validationPart ? 'validation' : 'test',
      evaluatedLoss: evaluated.loss,
      evaluatedAccuracy: evaluated.accuracy,
      seconds: this.seconds,
    });
    this.state = {
      ...this.state,
      epochs: epoch,
      epoch: noSums,
      best: isBest ? { accuracy: evaluated.accuracy, epoch } : this.state.best,
    };
    if (isBest) await this.save('best');
    await this.save('last');
  }

  private get isStoppedEarly(): boolean {
    const { best, epochs } = this.state;
    const { earlyStopping } = this.config;
    return earlyStopping !== undefined && best !== null && epochs - best.epoch >= earlyStopping.epochs;
  }

  /** Chooses the weights, freezes what is not frozen yet, measures. */
  private async conclude(): Promise<NonNullable<RunState['finished']>> {
    const stoppedEarly = this.state.step < this.steps;
    const { keep } = this.config;
    if (keep === 'best' && this.bestCheckpoint !== undefined) {
      writeWeights(this.model, this.bestCheckpoint, this.path('best'));
      this.state = { ...this.state, frozen: this.bestCheckpoint.state.frozen };
    }
    await this.freeze('binaryPoints');
    await this.freeze('statistics');
    this.report('evaluating');
    const validation = this.validationPart ? await this.evaluate(this.validationPart) : null;
    const test = await this.evaluate(this.data.test);
    const finished = { stoppedEarly, kept: keep, validation, test };
    this.state = { ...this.state, finished };
    await this.save('last');
    return finished;
  }

  /** Makes binary points or statistics final, once, on training images that the seed chooses. */
  private async freeze(what: 'binaryPoints' | 'statistics'): Promise<void> {
    if (this.state.frozen[what]) return;
    this.report('freezing');
    await breathe();
    const { freezing, seed } = this.config;
    // Epoch -1 never occurs: the choice has a random order of its own.
    const indices = epochOrder(this.trainPart.labels.length, seed, -1).subarray(0, freezing.images);
    const { images } = makeBatch(this.trainPart, this.data.shape, indices);
    const x = tf.tensor(images, [indices.length, ...this.data.shape], 'float32');
    if (what === 'binaryPoints') freezeBinaryPoints(this.model, x);
    else freezeStatistics(this.model, [x]);
    x.dispose();
    this.state = { ...this.state, frozen: { ...this.state.frozen, [what]: true } };
    await this.metrics?.write({ kind: 'freeze', step: this.state.step, what, seconds: this.seconds });
  }

  /** A layer that cannot compute exactly says so on the way through; better after one step than after an epoch. */
  private tryInference(): void {
    const { images } = makeBatch(this.trainPart, this.data.shape, [0]);
    tf.tidy(() => void this.model.apply(tf.tensor(images, [1, ...this.data.shape], 'float32'), { training: false }));
  }

  private evaluate(part: ImagePart): Promise<Evaluation> {
    return evaluate(this.model, part, this.data.shape, { signal: this.surroundings.signal });
  }

  private get seconds(): number {
    return this.secondsBefore + (performance.now() - this.startedAt) / 1e3;
  }

  private report(phase: TrainingProgress['phase']): void {
    const { step } = this.state;
    const left = (this.trainingSeconds / this.stepsOfSession) * (this.steps - step);
    this.surroundings.onProgress?.({
      phase,
      step,
      steps: this.steps,
      epoch: Math.min(this.config.epochs, Math.floor(step / this.stepsPerEpoch) + 1),
      ...means(this.state.epoch),
      secondsLeft: this.stepsOfSession === 0 ? undefined : left,
    });
  }

  private path(which: 'last' | 'best'): string {
    return join(this.surroundings.folder ?? '', 'checkpoints', `${which}.safetensors`);
  }

  /** The last checkpoint can be continued from; the best one holds weights to end with. */
  private async save(which: 'last' | 'best'): Promise<void> {
    const state = { ...this.state, seconds: this.seconds, metricsBytes: this.metrics?.bytes ?? 0 };
    const checkpoint = {
      weights: copyWeights(this.model),
      optimizer: which === 'last' ? this.optimizer.state() : {},
      state,
    };
    if (which === 'best') this.bestCheckpoint = checkpoint;
    if (this.surroundings.folder !== undefined) await writeCheckpoint(this.path(which), checkpoint);
  }

  private restore(checkpoint: Checkpoint): void {
    const where = this.path('last');
    checkSameRun(checkpoint, this.state, where);
    writeWeights(this.model, checkpoint, where);
    this.optimizer.restore(checkpoint.optimizer);
    this.state = checkpoint.state;
    this.secondsBefore = checkpoint.state.seconds;
  }
}
