import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { QfxError } from '../../../qfx/errors.js';
import { unpackError } from './protocol.js';
import type { WorkerReply, WorkerRequest, WorkerStart } from './protocol.js';

type Reply<Kind extends WorkerReply['kind']> = Extract<WorkerReply, { kind: Kind }>;

interface Waiting {
  readonly resolve: (reply: WorkerReply) => void;
  readonly reject: (error: Error) => void;
}

/** A worker thread as the main thread sees it: one request at a time, each with one reply. */
export class WorkerThread {
  private waiting: Waiting | undefined;
  private failure: Error | undefined;
  private readonly ready: Promise<void>;

  private constructor(
    private readonly worker: Worker,
    private readonly where: string,
  ) {
    worker.on('message', (reply: WorkerReply) => this.take()?.resolve(reply));
    worker.on('error', (cause: Error) => this.fail(`failed: ${cause.message}`, cause));
    worker.on('exit', (status) => this.fail(`ended by itself, with status ${status}`));
    worker.stdout.resume(); // what a run description prints, the main thread has printed already
    this.ready = this.reply().then((reply) => {
      if (reply.kind === 'refused') throw unpackError(reply.error);
    });
    this.ready.catch(() => {}); // nobody may be waiting when the thread is ended
  }

  /** Starts a thread; `ready` says when it can be asked. */
  static start(number: number, start: WorkerStart): WorkerThread {
    const worker = new Worker(entry(), { workerData: start satisfies WorkerStart, execArgv: [], stdout: true });
    return new WorkerThread(worker, `worker ${number}`);
  }

  /** Resolves once the thread has the network; throws the error that it has met on the way. */
  get isReady(): Promise<void> {
    return this.ready;
  }

  async train(request: Extract<WorkerRequest, { kind: 'train' }>): Promise<Reply<'trained'>> {
    return (await this.ask(request)) as Reply<'trained'>;
  }

  async infer(request: Extract<WorkerRequest, { kind: 'infer' }>): Promise<Reply<'inferred'>> {
    return (await this.ask(request)) as Reply<'inferred'>;
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }

  private ask(request: WorkerRequest): Promise<WorkerReply> {
    const reply = this.reply();
    this.worker.postMessage(request);
    return reply;
  }

  private reply(): Promise<WorkerReply> {
    return new Promise((resolve, reject) => {
      if (this.failure === undefined) this.waiting = { resolve, reject };
      else reject(this.failure);
    });
  }

  private take(): Waiting | undefined {
    const { waiting } = this;
    this.waiting = undefined;
    return waiting;
  }

  /** Whoever waits for the thread, now or later, hears of it. */
  private fail(message: string, cause?: Error): void {
    this.failure ??= new QfxError(this.where, message, { cause });
    this.take()?.reject(this.failure);
  }
}

/** True in a thread that `WorkerThread.start` has started. */
export function isWorkerThread(): boolean {
  const start: unknown = workerData;
  return !isMainThread && typeof start === 'object' && start !== null && 'source' in start && 'setup' in start;
}

/** The module that the thread runs. In QFX's sources, on which its own tests run, that is TypeScript and needs a loader first. */
function entry(): URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./worker.js', import.meta.url);
  const loader = import.meta.resolve('tsx/esm/api');
  const worker = new URL('./worker.ts', import.meta.url).href;
  const program = `import { register } from '${loader}'; register(); await import('${worker}');`;
  return new URL(`data:text/javascript,${encodeURIComponent(program)}`);
}
