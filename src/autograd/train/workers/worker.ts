/** A worker thread: has the network of a run and computes what the main thread asks for, one request at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { initializeBackend } from '../../backend.js';
import { withoutQuantizers } from '../../quantizer.js';
import type { tf } from '../../tensorflow.js';
import { inferPiece } from '../infer.js';
import type { FailedPiece, InferenceJob } from '../infer.js';
import { rebuildNetwork } from './network-source.js';
import { packError } from '../../../threads/packed-error.js';
import type { ShardOutcome, WorkerReply, WorkerRequest, WorkerStart } from './protocol.js';
import { ShardExecutor } from './shard-executor.js';

const send = (reply: WorkerReply) => parentPort?.postMessage(reply);

try {
  const start = workerData as WorkerStart;
  await initializeBackend(start.backend);
  const model = await rebuildNetwork(start);
  const executor = new ShardExecutor(model, start.setup);
  parentPort?.on('message', (request: WorkerRequest) => serve(model, executor, request));
  send({ kind: 'ready' });
} catch (error) {
  send({ kind: 'refused', error: packError(error) });
}

function serve(model: tf.LayersModel, executor: ShardExecutor, request: WorkerRequest): void {
  executor.loadWeights();
  if (request.kind === 'infer') {
    const failed = request.withoutQuantizers
      ? withoutQuantizers(() => inferAll(model, request.job))
      : inferAll(model, request.job);
    send({ kind: 'inferred', failed: failed && { piece: failed.piece, error: packError(failed.error) } });
    return;
  }
  const { images, shards, trained, next } = request;
  const outcomes = shards.map((shard): ShardOutcome => {
    try {
      return executor.compute(images, shard, trained);
    } catch (error) {
      return { shard, error: packError(error) };
    }
  });
  send({ kind: 'trained', outcomes });
  if (next !== undefined) for (const shard of shards) executor.prepare(next, shard);
}

/** Takes pieces until none is left. */
function inferAll(model: tf.LayersModel, job: InferenceJob): FailedPiece | undefined {
  let outcome: FailedPiece | boolean = true;
  while (outcome === true) outcome = inferPiece(model, job);
  return outcome === false ? undefined : outcome;
}
