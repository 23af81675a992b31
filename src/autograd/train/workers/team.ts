import { availableParallelism } from 'node:os';
import { inputFormat } from '../../../data/data-set.js';
import type { DataSet, ImagePart, InputFormat } from '../../../data/data-set.js';
import { QfxError } from '../../../qfx/errors.js';
import { areQuantizersBypassed } from '../../quantizer.js';
import { runningBackend } from '../../backend.js';
import { tf } from '../../tensorflow.js';
import type { BackendName } from '../../tensorflow.js';
import type { FailedPiece, InferenceJob } from '../infer.js';
import type { Batch } from '../batches.js';
import { describeNetwork } from '../network-description.js';
import { allocateBatches, batchOf } from './batch-maker.js';
import type { BatchConfig, BatchMemory } from './batch-maker.js';
import { BatchSource } from './batch-source.js';
import { teacherSource, topologyOf } from './network-source.js';
import { unpackError } from '../../../threads/packed-error.js';
import { checkWorkers } from '../../../threads/worker-count.js';
import type { DescribedFile, NetworkSource, ShardOutcome, TeacherSource, WorkerStart } from './protocol.js';
import { ShardExecutor } from './shard-executor.js';
import type { ShardConfig, ShardResult, ShardSetup } from './shard-executor.js';
import { SharedImages, allocateMemory } from './shared-memory.js';
import type { MemoryViews, SharedMemory } from './shared-memory.js';
import { WorkerThread, isWorkerThread } from './worker-thread.js';

/** A thread takes about a second to start; for less work than this it is not asked to. */
const worthwhileSeconds = 5;

/** The backends that compute on the thread that calls them; others bring threads of their own. */
const singleThreaded: readonly string[] = ['wasm', 'cpu'] satisfies BackendName[];

/** How many threads compute, and where they get the networks from. Only the teacher changes the result. */
export interface TeamOptions {
  /** Threads that compute, the main one included; at most one a shard. */
  readonly workers?: number;
  /** What the network learns from, where the configuration has `distillation`. */
  readonly teacher?: tf.LayersModel;
  /** Where the network is from a run description. */
  readonly file?: DescribedFile;
}

/**
 * The threads that compute a run: the main one, and workers. Shard s of a batch is computed by thread s modulo their
 * number; because a shard's result does not depend on the thread, neither does anything else.
 */
export class Team {
  private readonly executor: ShardExecutor;
  private readonly memory: SharedMemory;
  private readonly batchMemory: BatchMemory;
  private readonly input: InputFormat;
  private readonly batches: BatchSource;
  private readonly shared = new SharedImages();
  private readonly wanted: number;
  private readonly started: WorkerThread[] = [];
  /** Those that are ready. */
  private threads: readonly WorkerThread[] = [];
  private starting: Promise<void> | undefined;
  private failure: Error | undefined;
  private isClosed = false;

  /**
   * @param images the training images
   * @param steps of the whole run
   * @throws QfxError for a number of workers that is none, or more than there are shards
   */
  constructor(
    private readonly model: tf.LayersModel,
    images: ImagePart,
    steps: number,
    private readonly data: Pick<DataSet, 'shape' | 'classes'>,
    private readonly config: ShardConfig & BatchConfig,
    private readonly options: TeamOptions,
  ) {
    if (isWorkerThread())
      throw new QfxError('run description', 'trains where a worker imports it; its file must only describe a run');
    const { workers } = options;
    checkWorkers(workers);
    if (workers !== undefined && workers > config.shards)
      throw new QfxError('workers', `found ${workers}, allowed: at most one a shard, and shards is ${config.shards}`);
    const allowed = workers ?? (singleThreaded.includes(tf.getBackend()) ? availableParallelism() : 1);
    this.wanted = Math.min(allowed, config.shards);
    this.memory = allocateMemory(model, config.shards);
    this.batchMemory = allocateBatches(data.shape, config.batchSize);
    this.input = inputFormat(images);
    this.batches = new BatchSource({ images, shape: data.shape, config, memory: this.batchMemory }, steps);
    this.executor = new ShardExecutor(model, this.shardSetup, options.teacher);
  }

  /** Threads that compute now. */
  get size(): number {
    return this.threads.length + 1;
  }

  /** The memory that shards are computed in. */
  get views(): MemoryViews {
    return this.executor.views;
  }

  /** The batch of a step; good until the step after the next. */
  async batch(step: number): Promise<Batch> {
    await this.batches.ready(step);
    return batchOf(this.batchMemory, step, this.data.shape, this.config.batchSize);
  }

  /**
   * Starts the workers, and waits for them where a number of them was asked for. Else they start once so much work is left
   * that it pays, and help from when they are ready; so does the thread that makes batches, with one worker, too.
   * @throws QfxError where a number was asked for and the workers cannot build the network, or one of them fails
   */
  async gather(secondsLeft: number | undefined): Promise<void> {
    const isAskedFor = this.options.workers !== undefined;
    const isLong = (secondsLeft ?? 0) > worthwhileSeconds;
    const helps = this.wanted > 1 && (isAskedFor || isLong);
    if (helps || (isLong && availableParallelism() > 1)) this.batches.start((images) => this.shared.share(images));
    if (helps) this.starting ??= this.start();
    if (isAskedFor) await this.starting;
    if (this.failure !== undefined) throw this.failure;
  }

  /** Computes all shards of a step with the network's present weights; results are in the order of shards. */
  async compute(step: number, trained: readonly number[]): Promise<ShardResult[]> {
    const { executor, batches } = this;
    await batches.ready(step);
    batches.prepare(step + 1);
    const { threads } = this;
    executor.publishWeights();
    const shardsOf = (thread: number) =>
      Array.from({ length: this.config.shards }, (_, shard) => shard).filter(
        (shard) => shard % (threads.length + 1) === thread,
      );
    const request = { kind: 'train', step, trained, withoutQuantizers: areQuantizersBypassed() } as const;
    const asked = Promise.all(
      threads.map((thread, index) => thread.train({ ...request, shards: shardsOf(index + 1) })),
    );
    asked.catch(() => {}); // it is awaited below
    const own = shardsOf(0);
    const outcomes = own.map((shard): ShardOutcome | { shard: number; thrown: unknown } => {
      try {
        return executor.compute(step, shard, trained);
      } catch (thrown) {
        return { shard, thrown };
      }
    });
    const all = [...outcomes, ...(await asked).flatMap((reply) => reply.outcomes)];
    batches.prepare(step + 2); // nobody reads this step's batch any more
    // One thread alone would have met the error of the first shard first.
    return all
      .sort((a, b) => a.shard - b.shard)
      .map((outcome) => {
        if ('thrown' in outcome) throw outcome.thrown;
        if ('error' in outcome) throw unpackError(outcome.error);
        return outcome;
      });
  }

  /** Helps with an inference. */
  readonly helpers = async (job: InferenceJob): Promise<readonly FailedPiece[]> => {
    if (this.threads.length === 0) return [];
    this.executor.publishWeights();
    const shared = { ...job, part: this.shared.share(job.part) };
    const request = { kind: 'infer', job: shared, withoutQuantizers: areQuantizersBypassed() } as const;
    const replies = await Promise.all(this.threads.map((thread) => thread.infer(request)));
    return replies.flatMap(({ failed }) =>
      failed === undefined ? [] : [{ piece: failed.piece, error: unpackError(failed.error) }],
    );
  };

  /** Ends all workers. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.threads = [];
    await Promise.all([this.end(), this.batches.close()]);
  }

  private async start(): Promise<void> {
    const { workers } = this.options;
    try {
      const refusal = await this.startThreads();
      if (this.isClosed) return;
      if (refusal === undefined) {
        this.threads = this.started;
        return;
      }
      if (workers !== undefined)
        throw new QfxError('workers', `${workers} cannot compute this run: ${refusal.message}`, { cause: refusal });
      console.warn(`QFX: this run computes on one thread, with the same result: ${refusal.message}`);
      await this.end();
    } catch (error) {
      if (!this.isClosed) this.failure = error as Error; // the next step ends with it
    }
  }

  /** Starts the workers; returns why the network cannot be built there, if so. */
  private async startThreads(): Promise<Error | undefined> {
    const { teacher } = this.options;
    let source: NetworkSource;
    let taught: TeacherSource | undefined;
    try {
      source = this.source();
      taught = teacher && teacherSource(teacher);
    } catch (error) {
      return error as Error;
    }
    const start: WorkerStart = {
      backend: runningBackend().name,
      source,
      network: describeNetwork(this.model),
      setup: this.shardSetup,
      teacher: taught,
    };
    for (let number = 1; number < this.wanted; number++) this.started.push(new WorkerThread(number, start));
    const refusals = await Promise.all(this.started.map((thread) => thread.isReady));
    return refusals.find((refusal) => refusal !== undefined);
  }

  private async end(): Promise<void> {
    await Promise.all(this.started.map((thread) => thread.end()));
  }

  private get shardSetup(): ShardSetup {
    const { memory, batchMemory: batches, config, data } = this;
    return { shape: data.shape, config, memory, batches };
  }

  private source(): NetworkSource {
    const { file } = this.options;
    const { data, config } = this;
    if (file === undefined) return topologyOf(this.model);
    const { shape, classes } = data;
    return { kind: 'run description', file, data: { shape, classes, input: this.input }, seed: config.seed };
  }
}
