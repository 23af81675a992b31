import { availableParallelism } from 'node:os';
import type { DataSet, ImagePart } from '../../../data/data-set.js';
import { QfxError } from '../../../qfx/errors.js';
import { areQuantizersBypassed } from '../../quantizer.js';
import { runningBackend } from '../../backend.js';
import { tf } from '../../tensorflow.js';
import type { BackendName } from '../../tensorflow.js';
import type { FailedPiece, InferenceJob } from '../infer.js';
import { describeNetwork } from '../network-description.js';
import { topologyOf } from './network-source.js';
import { unpackError } from '../../../threads/packed-error.js';
import type { NetworkSource, ShardOutcome, WorkerStart } from './protocol.js';
import { ShardExecutor } from './shard-executor.js';
import type { ShardConfig, ShardResult, StepImages } from './shard-executor.js';
import { SharedImages, allocateMemory } from './shared-memory.js';
import type { MemoryViews, SharedMemory } from './shared-memory.js';
import { WorkerThread, isWorkerThread } from './worker-thread.js';

/** A thread takes about a second to start; for less work than this it is not asked to. */
const worthwhileSeconds = 5;

/** The backends that compute on the thread that calls them; others bring threads of their own. */
const singleThreaded: readonly string[] = ['wasm', 'cpu'] satisfies BackendName[];

/** How many threads compute, and where they get the network from. None of it changes a bit of the result. */
export interface TeamOptions {
  /** Threads that compute, the main one included; more than there are shards have nothing to do. */
  readonly workers?: number;
  /** The run description's file, where the network is from one. */
  readonly file?: string;
}

/**
 * The threads that compute a run: the main one, and workers. Shard s of a batch is computed by thread s modulo their
 * number; because a shard's result does not depend on the thread, neither does anything else.
 */
export class Team {
  private readonly executor: ShardExecutor;
  private readonly memory: SharedMemory;
  private readonly shared = new SharedImages();
  private readonly wanted: number;
  private readonly started: WorkerThread[] = [];
  /** Those that are ready. */
  private threads: readonly WorkerThread[] = [];
  private starting: Promise<void> | undefined;
  private isClosed = false;

  /**
   * @param images the training images
   * @throws QfxError for a number of workers that is none
   */
  constructor(
    private readonly model: tf.LayersModel,
    private readonly images: ImagePart,
    private readonly data: Pick<DataSet, 'shape' | 'classes'>,
    private readonly config: ShardConfig,
    private readonly options: TeamOptions,
  ) {
    if (isWorkerThread())
      throw new QfxError('run description', 'trains where a worker imports it; its file must only describe a run');
    const { workers } = options;
    if (workers !== undefined && !(Number.isSafeInteger(workers) && workers >= 1))
      throw new QfxError('workers', `found ${String(workers)}, allowed: whole numbers from 1 on`);
    const allowed = workers ?? (singleThreaded.includes(tf.getBackend()) ? availableParallelism() : 1);
    this.wanted = Math.min(allowed, config.shards);
    this.memory = allocateMemory(model, config.shards);
    this.executor = new ShardExecutor(model, { images, shape: data.shape, config, memory: this.memory });
  }

  /** The memory that shards are computed in. */
  get views(): MemoryViews {
    return this.executor.views;
  }

  /**
   * Starts the workers, and waits for them where a number of them was asked for. Else they start once so much work is left
   * that it pays, and help from when they are ready.
   */
  async gather(secondsLeft: number | undefined): Promise<void> {
    const isAskedFor = this.options.workers !== undefined;
    const isWorthwhile = isAskedFor || (secondsLeft ?? 0) > worthwhileSeconds;
    if (this.wanted > 1 && isWorthwhile) this.starting ??= this.start();
    if (isAskedFor) await this.starting;
  }

  /** Computes all shards of a batch with the network's present weights; results are in the order of shards. */
  async compute(images: StepImages, next: StepImages | undefined, trained: readonly number[]): Promise<ShardResult[]> {
    const { threads, executor } = this;
    executor.publishWeights();
    const shardsOf = (thread: number) =>
      Array.from({ length: this.config.shards }, (_, shard) => shard).filter(
        (shard) => shard % (threads.length + 1) === thread,
      );
    const asked = Promise.all(
      threads.map((thread, index) =>
        thread.train({ kind: 'train', images, shards: shardsOf(index + 1), trained, next }),
      ),
    );
    asked.catch(() => {}); // it is awaited below
    const own = shardsOf(0);
    const outcomes = own.map((shard): ShardOutcome | { shard: number; thrown: unknown } => {
      try {
        return executor.compute(images, shard, trained);
      } catch (thrown) {
        return { shard, thrown };
      }
    });
    if (next !== undefined && threads.length > 0) for (const shard of own) executor.prepare(next, shard);
    const all = [...outcomes, ...(await asked).flatMap((reply) => reply.outcomes)];
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
    await this.end();
  }

  private async start(): Promise<void> {
    const { memory, config, data, images } = this;
    try {
      const start: WorkerStart = {
        backend: runningBackend().name,
        source: this.source(),
        network: describeNetwork(this.model),
        setup: { images: this.shared.share(images), shape: data.shape, config, memory },
      };
      for (let number = 1; number < this.wanted; number++) this.started.push(new WorkerThread(number, start));
      await Promise.all(this.started.map((thread) => thread.isReady));
      if (!this.isClosed) this.threads = this.started;
    } catch (error) {
      if (this.isClosed) return;
      console.warn(`QFX: this run computes on one thread, with the same result: ${(error as Error).message}`);
      await this.end();
    }
  }

  private async end(): Promise<void> {
    await Promise.all(this.started.map((thread) => thread.end()));
  }

  private source(): NetworkSource {
    const { file } = this.options;
    const { data, config } = this;
    if (file === undefined) return topologyOf(this.model);
    return { kind: 'run description', file, data: { shape: data.shape, classes: data.classes }, seed: config.seed };
  }
}
