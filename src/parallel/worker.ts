/** The program of a worker thread: runs images through the graph that it was started with. */
import { parentPort, workerData } from 'node:worker_threads';
import { Network } from '../qfx/execute/network.js';
import type { BatchResult } from '../qfx/execute/network.js';
import type { Graph } from '../qfx/graph/graph.js';
import { packError } from '../threads/packed-error.js';
import type { Reply, Request } from './protocol.js';

const network = new Network(workerData as Graph);

parentPort?.on('message', ({ values, layers, firstImage }: Request) => {
  try {
    const result = network.runBatch(values, { layers, firstImage });
    parentPort?.postMessage({ result } satisfies Reply, buffersOf(result));
  } catch (error) {
    parentPort?.postMessage({ error: packError(error) } satisfies Reply);
  }
});

/** The memory of a result, which moves to the other thread instead of being copied. An output that is a layer shares it. */
function buffersOf({ outputs, layers }: BatchResult): ArrayBuffer[] {
  const tensors = [...Object.values(outputs), ...Object.values(layers)];
  return [...new Set(tensors.map(({ raw }) => raw.buffer as ArrayBuffer))];
}
