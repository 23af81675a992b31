import { availableParallelism } from 'node:os';
import { setImmediate as letOthersRun } from 'node:timers/promises';
import type { BatchResult, Network } from '../qfx/execute/network.js';
import type { Graph } from '../qfx/graph/graph.js';
import { elementCount } from '../qfx/number/shape.js';
import { operationNames } from '../qfx/operations/operation.js';
import { checkWorkers } from '../threads/worker-count.js';
import { imageWork, planChunks, readChunk } from './chunks.js';
import type { Chunk, ImageSource } from './chunks.js';
import { WorkerThread } from './worker-thread.js';

export type { ImageSource } from './chunks.js';

export interface RunImagesOptions {
  /**
   * Threads that compute. 1: the caller's own. Default: one a core, but the caller's own where the work is too little to be
   * worth starting others.
   */
  readonly workers?: number;
  /** All layers are given for this many images from the first on, the outputs for all. Default: 0. */
  readonly layersFor?: number;
  readonly signal?: AbortSignal;
}

/** Results of some images, one after the other. */
export interface ImagesResult extends BatchResult {
  /** The index of the first of them. */
  readonly first: number;
}

/** Less work than this (see chunks.ts) is done before a worker has started. */
const workWorthWorkers = 2 ** 33;

/**
 * Runs a network with one input over many images, on all cores.
 * @returns the results in the order of the images, some images at a time: memory does not grow with their number
 * @throws QfxError for a number of workers that is none; what `Network.runBatch` throws and what the source throws, after the results of the images before; the signal's reason
 */
export async function* runImages(
  network: Network,
  images: ImageSource,
  { workers, layersFor = 0, signal }: RunImagesOptions = {},
): AsyncGenerator<ImagesResult, void> {
  checkWorkers(workers);
  const { graph } = network;
  const chunks = planChunks(graph, images.count, layersFor);
  const threads = threadCount(graph, images.count, chunks.length, workers);
  const crew = threads === 1 ? ownThread(network) : workerThreads(graph, threads);
  const valuesPerImage = elementCount(graph.nodes[0].shape);
  const compute = async (chunk: Chunk): Promise<BatchResult> =>
    crew.run(chunk, readChunk(images, chunk, valuesPerImage));
  const interruption = interruptionBy(signal);
  const started: Promise<BatchResult>[] = [];
  try {
    for (let turn = 0; turn < chunks.length; turn++) {
      signal?.throwIfAborted();
      while (started.length < chunks.length && started.length < turn + crew.ahead) {
        const result = compute(chunks[started.length]);
        result.catch(() => {}); // it is thrown when it is its turn
        started.push(result);
      }
      const result = await Promise.race([started[turn], interruption.happened]);
      delete started[turn];
      yield { first: chunks[turn].first, ...result };
    }
  } finally {
    interruption.forget();
    await crew.end();
  }
}

/** Whoever computes chunks. */
interface Crew {
  /** Chunks that are begun before the first of them is waited for. */
  readonly ahead: number;
  run(chunk: Chunk, values: ReturnType<typeof readChunk>): Promise<BatchResult>;
  end(): Promise<void>;
}

function ownThread(network: Network): Crew {
  return {
    ahead: 1,
    async run({ first, layers }, values) {
      await letOthersRun(); // such as a Ctrl-C
      return network.runBatch(values, { layers, firstImage: first });
    },
    end: async () => {},
  };
}

function workerThreads(graph: Graph, count: number): Crew {
  const threads = Array.from({ length: count }, () => new WorkerThread(graph));
  let next = 0;
  return {
    ahead: 2 * count, // one that a thread computes, one that waits for it
    run: ({ first, layers }, values) => threads[next++ % count].run({ values, layers, firstImage: first }),
    async end() {
      await Promise.all(threads.map((thread) => thread.end()));
    },
  };
}

function threadCount(graph: Graph, images: number, chunks: number, wanted: number | undefined): number {
  // What a user registers is known to this thread only.
  const known: readonly string[] = operationNames;
  if (!graph.nodes.every(({ operation }) => known.includes(operation))) return 1;
  if (wanted === undefined && images * imageWork(graph) < workWorthWorkers) return 1;
  return Math.max(1, Math.min(wanted ?? availableParallelism(), chunks));
}

/** Rejects when a signal is aborted. */
function interruptionBy(signal: AbortSignal | undefined): { happened: Promise<never>; forget(): void } {
  let interrupt: () => void = () => {};
  const happened = new Promise<never>((_, reject) => {
    interrupt = () => reject(signal?.reason);
  });
  happened.catch(() => {});
  signal?.addEventListener('abort', interrupt, { once: true });
  return { happened, forget: () => signal?.removeEventListener('abort', interrupt) };
}
