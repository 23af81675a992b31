import { isMainThread, workerData } from 'node:worker_threads';
import { unpackError } from '../../../threads/packed-error.js';
import { Thread } from '../../../threads/thread.js';
import type { WorkerReply, WorkerRequest, WorkerStart } from './protocol.js';

type Reply<Kind extends WorkerReply['kind']> = Extract<WorkerReply, { kind: Kind }>;

/** A worker thread as the main thread sees it: one request at a time, each with one reply. */
export class WorkerThread {
  /**
   * Resolves once the thread has the network, or to the reason why it cannot have it.
   * @throws QfxError when it fails otherwise
   */
  readonly isReady: Promise<Error | undefined>;
  private isAsked = true; // for `isReady`
  private readonly thread: Thread<WorkerRequest, WorkerReply>;

  /** Starts a thread; `isReady` says when it can be asked. */
  constructor(number: number, start: WorkerStart) {
    this.thread = new Thread(`worker ${number}`, new URL('./worker.js', import.meta.url), {
      workerData: start satisfies WorkerStart,
      stdout: true, // what a run description prints, the main thread has printed already
    });
    this.isReady = this.thread.reply().then((reply) => {
      this.isAsked = false;
      return reply.kind === 'refused' ? unpackError(reply.error) : undefined;
    });
    this.isReady.catch(() => {}); // nobody may be waiting when the thread is ended
  }

  async train(request: Extract<WorkerRequest, { kind: 'train' }>): Promise<Reply<'trained'>> {
    return (await this.ask(request)) as Reply<'trained'>;
  }

  async infer(request: Extract<WorkerRequest, { kind: 'infer' }>): Promise<Reply<'inferred'>> {
    return (await this.ask(request)) as Reply<'inferred'>;
  }

  /** What a request is about lies in memory that threads share, so that it must not change before the reply. */
  private async ask(request: WorkerRequest): Promise<WorkerReply> {
    if (this.isAsked) throw new Error(`a worker is asked to ${request.kind} before its last reply`);
    this.isAsked = true;
    const reply = await this.thread.ask(request);
    this.isAsked = false;
    return reply;
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
