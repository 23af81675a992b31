import { takeImages, validateDataSet } from '../../data/data-set.js';
import type { DataSet, ImagePart, Labels } from '../../data/data-set.js';
import { QfxError } from '../../qfx/errors.js';
import { runningBackend } from '../backend.js';
import { borrowStatistics, freezeStatistics } from '../freeze/fixing.js';
import { quantizersOf } from '../freeze/model.js';
import type { StartedBinaryPoints } from '../freeze/settling.js';
import { runStepsWithPauses } from '../freeze/steps.js';
import type { Steps } from '../freeze/steps.js';
import { batchNormalizationsOf } from '../layers/batch-normalization.js';
import { tf } from '../tensorflow.js';
import { BitOperations } from './bit-operations.js';
import { checkSameRun, copyWeights, readCheckpoint, writeCheckpoint, writeWeights } from './checkpoint.js';
import type { Checkpoint } from './checkpoint.js';
import { clipGradients } from './clipping.js';
import { copyOf } from './copy.js';
import { checksumOfNetwork, checkTeacher } from './distillation.js';
import { score } from './evaluate.js';
import type { Evaluation } from './evaluate.js';
import { placeBinaryPoints } from './first-batch.js';
import { firstImages } from './first-images.js';
import { FlipCounter } from './flips.js';
import { onFreezingImages } from './freezing-images.js';
import { sumShards } from './gradients.js';
import { breathe, infer } from './infer.js';
import { KeptNetworks } from './kept-networks.js';
import { MetricsLog } from './metrics.js';
import { modelWeights } from './model-weights.js';
import type { ModelWeight } from './model-weights.js';
import { describeNetwork } from './network-description.js';
import { createOptimizer } from './optimizers.js';
import type { Optimizer } from './optimizers.js';
import type { TrainingConfig } from './options.js';
import { joinFront } from './pareto-front.js';
import { reportQuantizers } from './quantizer-reports.js';
import { checkRunFolder, removeRun, runFiles } from './run-folder.js';
import { requireReachable } from './reachable-budget.js';
import { ResourceTerm } from './resource-term.js';
import { addSums, means, noSums, startState } from './run-state.js';
import type { RunState } from './run-state.js';
import { areQuantizersBypassed } from '../quantizer.js';
import { learningRateAt } from './schedules.js';
import { checkModel } from './surroundings.js';
import type { TrainingProgress, TrainingResult, TrainingSurroundings } from './surroundings.js';
import { keepWithin, openToStart, settle, startFromBetter } from './settle.js';
import type { ShardResult } from './workers/shard-executor.js';
import { findWarnings, watchedImages, watchQuantizer } from './warnings.js';
import { Team } from './workers/team.js';
import type { TeamOptions } from './workers/team.js';

/** One run: its state, and the steps that change it. */
export class TrainingRun {
  private readonly trainPart: ImagePart;
  private readonly validationPart: ImagePart | undefined;
  private readonly optimizer: Optimizer;
  private readonly team: Team;
  private readonly weights: readonly ModelWeight[];
  private readonly stepsPerEpoch: number;
  private readonly steps: number;
  private bestCheckpoint: Checkpoint | undefined;
  private resourceTerm: ResourceTerm | undefined;
  private readonly bitOperations: BitOperations | undefined;
  private readonly keptNetworks: KeptNetworks;
  private metrics: MetricsLog | undefined;
  private readonly startedAt = performance.now();
  private secondsBefore = 0;
  private trainingSeconds = 0;
  private stepsOfSession = 0;
  private flips: FlipCounter;

  private constructor(
    private readonly model: tf.LayersModel,
    private readonly data: DataSet,
    private readonly config: TrainingConfig,
    private readonly surroundings: TrainingSurroundings & TeamOptions,
    private state: RunState,
  ) {
    const { train } = data;
    const trained = train.labels.length - config.validationImages;
    if (trained < config.batchSize)
      throw new QfxError(
        'training: batchSize',
        `${config.batchSize} images a step, but there are ${Math.max(0, trained)} training images` +
          (config.validationImages > 0 ? ` beside the ${config.validationImages} set aside for validation` : ''),
      );
    this.trainPart = takeImages(train, 0, trained);
    this.validationPart = config.validationImages > 0 ? takeImages(train, trained, train.labels.length) : undefined;
    this.optimizer = createOptimizer(config.optimizer);
    this.weights = modelWeights(model);
    this.flips = new FlipCounter(model);
    if (config.pareto !== undefined) this.bitOperations = new BitOperations(model);
    this.keptNetworks = new KeptNetworks(surroundings.folder);
    this.stepsPerEpoch = Math.floor(trained / config.batchSize);
    this.steps = this.stepsPerEpoch * config.epochs;
    this.team = new Team(model, this.trainPart, this.steps, data, config, surroundings);
  }

  /** Checks that network, data and configuration fit, and starts a run or continues one, which its caller closes. */
  static async open(
    model: tf.LayersModel,
    data: DataSet,
    config: TrainingConfig,
    surroundings: TrainingSurroundings & TeamOptions,
  ): Promise<TrainingRun> {
    validateDataSet(data);
    checkModel(model, data);
    const { teacher } = surroundings;
    checkTeacher(teacher, config.distillation, model, data);
    if (config.resources !== undefined && !areQuantizersBypassed())
      requireReachable(new BitOperations(model), config.resources.bitOperations);
    const start = startState({
      config,
      dataChecksum: data.checksum,
      network: describeNetwork(model),
      teacher: teacher === undefined ? null : checksumOfNetwork(teacher),
      backend: runningBackend(),
    });
    const run = new TrainingRun(model, data, config, surroundings, start);
    const { folder, resume } = surroundings;
    if (folder === undefined) return run;
    await checkRunFolder(folder, surroundings);
    const last = resume ? await readCheckpoint(run.path('last')) : undefined;
    if (last !== undefined) {
      run.restore(last);
      if (last.state.best !== null) run.bestCheckpoint = await readCheckpoint(run.path('best'));
      await run.keptNetworks.keepOnly(last.state.front.map(({ name }) => name));
    }
    if (last === undefined) await removeRun(folder);
    run.metrics = await MetricsLog.open(runFiles(folder), run.state.metricsBytes);
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
    const { step: steps, epochs, backend, front } = this.state;
    const workers = this.team.size;
    return {
      config,
      steps,
      epochs,
      stoppedEarly,
      validation: validation ?? undefined,
      test,
      front:
        config.pareto &&
        front.map((network) => ({ ...network, restore: () => this.keptNetworks.restore(this.model, network.name) })),
      backend,
      workers,
      seconds,
    };
  }

  /** Loss and accuracy over images, with all threads of the run. */
  async evaluate(part: ImagePart): Promise<Evaluation> {
    const { helpers } = this.team;
    const { signal } = this.surroundings;
    return score(await infer(this.model, part, this.data.shape, { signal, helpers }), part.labels);
  }

  /** Ends the threads of the run, and leaves nothing of one that failed before its first checkpoint or line of metrics. */
  async close(): Promise<void> {
    await this.team.close();
    await this.metrics?.close();
  }

  private async trainSteps(): Promise<void> {
    const { freezing } = this.config;
    this.flips.look();
    for (;;) {
      if (this.state.epochs < Math.floor(this.state.step / this.stepsPerEpoch)) await this.endEpoch();
      if (this.state.step >= this.steps || this.isStoppedEarly) return;
      if (this.state.step >= Math.round(freezing.binaryPoints * this.steps)) await this.freeze('binaryPoints');
      if (this.state.step >= Math.round(freezing.statistics * this.steps)) await this.freeze('statistics');
      await this.team.gather(this.secondsLeft);
      this.surroundings.signal?.throwIfAborted();
      await this.trainStep();
      if (this.stepsOfSession === 1) this.tryInference();
      await breathe();
    }
  }

  private async trainStep(): Promise<void> {
    const started = performance.now();
    const { step } = this.state;
    const losses = step === 0 ? await this.placeBinaryPoints() : undefined;
    const { weights } = this;
    const trained = weights.flatMap(({ trainable }, position) => (trainable ? [position] : []));
    const shards = await this.team.compute(step, trained);
    const loss = shards.reduce((sum, shard) => sum + shard.loss, 0);
    const correct = shards.reduce((sum, shard) => sum + shard.correct, 0);
    if (!Number.isFinite(loss))
      throw new QfxError(
        `training, step ${step}`,
        `the loss is ${loss}. Try a lower learning rate or gradient clipping.`,
      );
    this.moveStatistics(shards);
    const learningRate = learningRateAt(this.config.learningRate, step, this.steps);
    this.moveWeights(trained, learningRate);
    const { batchSize, logEvery } = this.config;
    this.state = {
      ...this.state,
      step: step + 1,
      interval: addSums(this.state.interval, loss, correct, batchSize),
      epoch: addSums(this.state.epoch, loss, correct, batchSize),
    };
    if (losses) await this.metrics?.write({ kind: 'start', step: 0, losses, seconds: this.seconds });
    this.stepsOfSession++;
    this.trainingSeconds += (performance.now() - started) / 1e3;
    if (this.state.step % logEvery === 0) {
      const line = {
        kind: 'steps',
        step: step + 1,
        epoch: Math.floor(step / this.stepsPerEpoch) + 1,
        ...means(this.state.interval),
      } as const;
      this.state = { ...this.state, interval: noSums };
      await this.metrics?.write({ ...line, learningRate, workers: this.team.size, seconds: this.seconds });
    }
    this.report('training');
  }

  /**
   * Places binary points that nobody knows yet; where some are known, all start from the better place.
   * @returns the losses that decided
   */
  private async placeBinaryPoints(): Promise<StartedBinaryPoints | undefined> {
    if (areQuantizersBypassed()) return undefined;
    const { model, config, data } = this;
    const open = openToStart(model);
    const areSomeKnown = open.some(({ isInitialized }) => isInitialized);
    const { images } = await this.team.batch(0);
    const place = () =>
      tf.tidy(() => placeBinaryPoints(model, tf.tensor(copyOf(images), [config.batchSize, ...data.shape], 'float32')));
    let losses: StartedBinaryPoints | undefined;
    if (areSomeKnown) {
      this.report('placing');
      losses = await this.inSteps((x, labels) => {
        place();
        return startFromBetter(model, open, x, labels, config);
      });
    } else place();
    // What moved now has not turned.
    this.flips = new FlipCounter(model);
    this.flips.look();
    return losses;
  }

  /** Moves the trained weights by the sum of the shards' gradients. */
  private moveWeights(trained: readonly number[], learningRate: number): void {
    const { weights } = this;
    const { views } = this.team;
    const { gradientClipping } = this.config;
    const gradients = sumShards(views.shards.map((shard) => trained.map((position) => shard.gradients[position])));
    this.addResourceTerm(trained, gradients);
    if (gradientClipping) clipGradients(gradients, gradientClipping);
    const parameters = trained.map((position, index) => ({
      key: weights[position].key,
      values: views.weights[position],
      gradient: gradients[index],
    }));
    this.optimizer.update(parameters, learningRate);
    for (const position of trained) weights[position].write(views.weights[position]);
    this.flips.look();
  }

  private addResourceTerm(trained: readonly number[], gradients: readonly Float32Array[]): void {
    const { resources, freezing } = this.config;
    if (resources === undefined || this.state.frozen.binaryPoints || areQuantizersBypassed()) return;
    const term = (this.resourceTerm ??= this.makeResourceTerm(resources.bitOperations));
    const until = Math.round(freezing.binaryPoints * this.steps);
    const before = this.state.resources ?? term.start();
    const after = term.apply(before, this.state.step, until, (position) => gradients[trained.indexOf(position)]);
    this.state = { ...this.state, resources: after };
  }

  private makeResourceTerm(budget: number): ResourceTerm {
    const { model, trainPart, data, config, weights } = this;
    const operations = new BitOperations(model);
    return new ResourceTerm(operations, weights, budget, () => {
      const x = firstImages(trainPart, data.shape, config.batchSize);
      const putBack = borrowStatistics(model, x);
      const remaining = operations.remaining();
      putBack();
      x.dispose();
      return remaining;
    });
  }

  /** Moves BatchNorm's statistics by what the shards saw, in their order. */
  private moveStatistics(shards: readonly ShardResult[]): void {
    const layers = batchNormalizationsOf(this.model);
    for (const { shard, reported } of shards)
      for (const layer of reported) layers[layer].moveStatistics(this.team.views.shards[shard].statistics[layer]);
  }

  private async endEpoch(): Promise<void> {
    this.report('evaluating');
    const evaluated = await this.evaluate(this.validationPart ?? this.data.test);
    const epoch = this.state.epochs + 1;
    const isBest = this.state.best === null || evaluated.accuracy > this.state.best.accuracy;
    const bitOperations = this.bitOperations?.remaining();
    await this.metrics?.write({
      kind: 'epoch',
      step: this.state.step,
      epoch,
      ...means(this.state.epoch),
      evaluatedOn: this.validationPart ? 'validation' : 'test',
      evaluatedLoss: evaluated.loss,
      evaluatedAccuracy: evaluated.accuracy,
      ...(bitOperations !== undefined && { bitOperations }),
      workers: this.team.size,
      seconds: this.seconds,
    });
    await this.warn(epoch);
    this.state = {
      ...this.state,
      epochs: epoch,
      epoch: noSums,
      best: isBest ? { accuracy: evaluated.accuracy, epoch } : this.state.best,
    };
    await this.offer(`epoch-${epoch}`, evaluated);
    if (isBest) await this.save('best');
    await this.saveEnd();
  }

  /** Keeps the network as it is now where no other one of the run beats it. */
  private async offer(name: string, { accuracy }: Evaluation): Promise<void> {
    const { pareto } = this.config;
    if (pareto === undefined || this.bitOperations === undefined || areQuantizersBypassed()) return;
    const { step, epochs: epoch } = this.state;
    const network = { name, step, epoch, bitOperations: this.bitOperations.remaining(), accuracy };
    const front = joinFront(this.state.front, network, pareto.networks);
    this.state = { ...this.state, front: [...front] };
    if (front.includes(network)) await this.keptNetworks.keep(name, this.checkpoint());
  }

  /** What left the front goes once no checkpoint knows it any more: an interruption in between loses nothing. */
  private async saveEnd(): Promise<void> {
    await this.save('last');
    await this.keptNetworks.keepOnly(this.state.front.map(({ name }) => name));
  }

  /** Says which quantizers hurt, each once in a run. Only looks: the weights stay as they are. */
  private async warn(epoch: number): Promise<void> {
    if (areQuantizersBypassed()) return;
    const { trainPart, data } = this;
    const x = firstImages(trainPart, data.shape, Math.min(watchedImages, trainPart.labels.length));
    const reports = reportQuantizers(this.model, x, watchQuantizer);
    x.dispose();
    for (const { key, warning } of findWarnings(
      quantizersOf(this.model),
      reports,
      this.flips.turns(),
      this.stepsPerEpoch,
    )) {
      if (this.state.warned.includes(key)) continue;
      this.state = { ...this.state, warned: [...this.state.warned, key] };
      this.surroundings.onWarning?.(warning);
      await this.metrics?.write({ kind: 'warning', step: this.state.step, epoch, ...warning, seconds: this.seconds });
    }
    this.flips.restart();
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
    await this.keepBudget();
    this.report('evaluating');
    const validation = this.validationPart ? await this.evaluate(this.validationPart) : null;
    const test = await this.evaluate(this.data.test);
    const finished = { stoppedEarly, kept: keep, validation, test };
    if (validation !== null) await this.offer('end', validation);
    this.state = { ...this.state, finished };
    await this.saveEnd();
    return finished;
  }

  /** Makes binary points or statistics final, once, on training images that the seed chooses. */
  private async freeze(what: 'binaryPoints' | 'statistics'): Promise<void> {
    if (this.state.frozen[what]) return;
    this.report('freezing');
    await breathe();
    const { config, data, model, trainPart } = this;
    const losses =
      what === 'binaryPoints'
        ? await this.inSteps((x, labels) => settle(model, x, labels, config))
        : // Weights were trained with the statistics of changed images.
          await onFreezingImages(trainPart, data.shape, config, (x) => freezeStatistics(model, [x]));
    this.state = { ...this.state, frozen: { ...this.state.frozen, [what]: true } };
    const { step } = this.state;
    await this.metrics?.write({ kind: 'freeze', step, what, ...(losses && { losses }), seconds: this.seconds });
  }

  /**
   * K-hot weights that have gone on learning since binary points were frozen may be more powers of two again, and exact results
   * longer.
   */
  private async keepBudget(): Promise<void> {
    const { resources } = this.config;
    if (resources === undefined || areQuantizersBypassed()) return;
    await this.inSteps((x, labels) => keepWithin(this.model, x, labels, resources.bitOperations));
  }

  /** Long work on quantizers, which unchanged images decide; an interruption leaves the weights as they were before. */
  private async inSteps<Result>(work: (x: tf.Tensor, labels: Labels) => Steps<Result>): Promise<Result> {
    const { model, trainPart, data, config, surroundings } = this;
    const weights = copyWeights(model);
    const pause = async () => {
      await breathe();
      surroundings.signal?.throwIfAborted();
    };
    try {
      return await onFreezingImages(trainPart, data.shape, { ...config, augmentation: undefined }, (x, labels) =>
        runStepsWithPauses(work(x, labels), pause),
      );
    } catch (error) {
      writeWeights(model, { weights }, 'training');
      throw error;
    }
  }

  /** A layer that cannot compute exactly says so on the way through; better after one step than after an epoch. */
  private tryInference(): void {
    const image = () => firstImages(this.trainPart, this.data.shape, 1);
    tf.tidy(() => void this.model.apply(image(), { training: false }));
  }

  private get seconds(): number {
    return this.secondsBefore + (performance.now() - this.startedAt) / 1e3;
  }

  /** Estimated from the steps of this session; undefined before the first. */
  private get secondsLeft(): number | undefined {
    if (this.stepsOfSession === 0) return undefined;
    return (this.trainingSeconds / this.stepsOfSession) * (this.steps - this.state.step);
  }

  private report(phase: TrainingProgress['phase']): void {
    const { step } = this.state;
    this.surroundings.onProgress?.({
      phase,
      step,
      steps: this.steps,
      epoch: Math.min(this.config.epochs, Math.floor(step / this.stepsPerEpoch) + 1),
      ...means(this.state.epoch),
      secondsLeft: this.secondsLeft,
    });
  }

  private path(which: 'last' | 'best'): string {
    return runFiles(this.surroundings.folder ?? '')[which];
  }

  /** The last checkpoint can be continued from; the best one holds weights to end with. */
  private async save(which: 'last' | 'best'): Promise<void> {
    const network = this.checkpoint();
    const checkpoint = which === 'last' ? { ...network, optimizer: this.optimizer.state() } : network;
    if (which === 'best') this.bestCheckpoint = checkpoint;
    if (this.surroundings.folder !== undefined) await writeCheckpoint(this.path(which), checkpoint);
  }

  /** Without the optimiser, which only those need that go on. */
  private checkpoint(): Checkpoint {
    const state = {
      ...this.state,
      seconds: this.seconds,
      metricsBytes: this.metrics?.bytes ?? 0,
      flips: this.flips.state(),
    };
    return { weights: copyWeights(this.model), optimizer: {}, state };
  }

  private restore(checkpoint: Checkpoint): void {
    const where = this.path('last');
    checkSameRun(checkpoint, this.state, where);
    writeWeights(this.model, checkpoint, where);
    this.optimizer.restore(checkpoint.optimizer);
    this.state = checkpoint.state;
    this.flips = new FlipCounter(this.model, checkpoint.state.flips);
    this.secondsBefore = checkpoint.state.seconds;
  }
}
