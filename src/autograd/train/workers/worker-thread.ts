import { isMainThread, workerData } from 'node:worker_threads';
import { unpackError } from '../../../threads/packed-error.js';
import { Thread } from '../../../threads/thread.js';
import type { WorkerReply, WorkerRequest, WorkerStart } from './protocol.js';

type Reply<Kind extends WorkerReply['kind']> = Extract<WorkerReply, { kind: Kind }>;

/** A worker thread as the main thread sees it: one request at a time, each with one reply. */
export class WorkerThread {
  /** Resolves once the thread has the network; throws the error that it has met on the way. */
  readonly isReady: Promise<void>;
  private readonly thread: Thread<WorkerRequest, WorkerReply>;

  /** Starts a thread; `isReady` says when it can be asked. */
  constructor(number: number, start: WorkerStart) {
    this.thread = new Thread(`worker ${number}`, new URL('./worker.js', import.meta.url), {
      workerData: start satisfies WorkerStart,
      stdout: true, // what a run description prints, the main thread has printed already
    });
    this.isReady = this.thread.reply().then((reply) => {
      if (reply.kind === 'refused') throw unpackError(reply.error);
    });
    this.isReady.catch(() => {}); // nobody may be waiting when the thread is ended
  }

  async train(request: Extract<WorkerRequest, { kind: 'train' }>): Promise<Reply<'trained'>> {
    return (await this.thread.ask(request)) as Reply<'trained'>;
  }

  async infer(request: Extract<WorkerRequest, { kind: 'infer' }>): Promise<Reply<'inferred'>> {
    return (await this.thread.ask(request)) as Reply<'inferred'>;
  }

  end(): Promise<void> {
    return this.thread.end();
  }
}

/** True in a thread that a `WorkerThread` is the other end of. */
export function isWorkerThread(): boolean {
  const start: unknown = workerData;
  return !isMainThread && typeof start === 'object' && start !== null && 'source' in start && 'setup' in start;
}
