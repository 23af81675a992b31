import { Worker } from 'node:worker_threads';
import { QfxError } from '../qfx/errors.js';
import type { BatchResult } from '../qfx/execute/network.js';
import type { Graph } from '../qfx/graph/graph.js';
import { unpackError } from './protocol.js';
import type { Reply, Request } from './protocol.js';

interface Waiting {
  readonly resolve: (result: BatchResult) => void;
  readonly reject: (error: Error) => void;
}

/** A worker thread with a graph: answers in the order in which it is asked. */
export class WorkerThread {
  private readonly waiting: Waiting[] = [];
  private failure: Error | undefined;
  private readonly worker: Worker;

  constructor(graph: Graph) {
    this.worker = new Worker(entry(), { workerData: graph, execArgv: [] });
    this.worker.on('message', (reply: Reply) => {
      const { resolve, reject } = this.waiting.shift() as Waiting;
      if ('result' in reply) resolve(reply.result);
      else reject(unpackError(reply.error));
    });
    this.worker.on('error', (cause: Error) => this.fail(`failed: ${cause.message}`, cause));
    this.worker.on('exit', (status) => this.fail(`ended by itself, with status ${status}`));
  }

  run(request: Request): Promise<BatchResult> {
    return new Promise((resolve, reject) => {
      if (this.failure) {
        reject(this.failure);
        return;
      }
      this.waiting.push({ resolve, reject });
      this.worker.postMessage(request);
    });
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }

  /** Whoever waits for the thread, now or later, hears of it. */
  private fail(message: string, cause?: Error): void {
    this.failure ??= new QfxError('worker thread', message, { cause });
    for (const { reject } of this.waiting.splice(0)) reject(this.failure);
  }
}

/** The module that the thread runs. In QFX's sources, on which its own tests run, that is TypeScript and needs a loader first. */
function entry(): URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./worker.js', import.meta.url);
  const loader = import.meta.resolve('tsx/esm/api');
  const worker = new URL('./worker.ts', import.meta.url).href;
  const program = `import { register } from '${loader}'; register(); await import('${worker}');`;
  return new URL(`data:text/javascript,${encodeURIComponent(program)}`);
}
