import type { BatchResult } from '../qfx/execute/network.js';
import type { Graph } from '../qfx/graph/graph.js';
import { unpackError } from '../threads/packed-error.js';
import { Thread } from '../threads/thread.js';
import type { Reply, Request } from './protocol.js';

/** A worker thread with a graph: answers in the order in which it is asked. */
export class WorkerThread {
  private readonly thread: Thread<Request, Reply>;

  constructor(graph: Graph) {
    this.thread = new Thread('worker thread', new URL('./worker.js', import.meta.url), { workerData: graph });
  }

  async run(request: Request): Promise<BatchResult> {
    const reply = await this.thread.ask(request);
    if ('error' in reply) throw unpackError(reply.error);
    return reply.result;
  }

  end(): Promise<void> {
    return this.thread.end();
  }
}
