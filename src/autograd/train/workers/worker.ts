/** A worker thread: has the network of a run and computes what the main thread asks for, one request at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { initializeBackend } from '../../backend.js';
import { withoutQuantizers } from '../../quantizer.js';
import type { tf } from '../../tensorflow.js';
import { inferPiece } from '../infer.js';
import type { FailedPiece, InferenceJob } from '../infer.js';
import { rebuildNetwork, rebuildTeacher } from './network-source.js';
import { packError } from '../../../threads/packed-error.js';
import type { ShardOutcome, WorkerReply, WorkerRequest, WorkerStart } from './protocol.js';
import { ShardExecutor } from './shard-executor.js';

const send = (reply: WorkerReply) => parentPort?.postMessage(reply);

const start = workerData as WorkerStart;
await initializeBackend(start.backend);
const networks = await Promise.all([rebuildNetwork(start), rebuildTeacher(start)]).catch((error: unknown) => {
  send({ kind: 'refused', error: packError(error) });
});
if (networks !== undefined) {
  const [model, teacher] = networks;
  const executor = new ShardExecutor(model, start.setup, teacher);
  parentPort?.on('message', (request: WorkerRequest) => {
    if (request.withoutQuantizers) withoutQuantizers(() => serve(model, executor, request));
    else serve(model, executor, request);
  });
  send({ kind: 'ready' });
}

function serve(model: tf.LayersModel, executor: ShardExecutor, request: WorkerRequest): void {
  executor.loadWeights();
  if (request.kind === 'infer') {
    const failed = inferAll(model, request.job);
    send({ kind: 'inferred', failed: failed && { piece: failed.piece, error: packError(failed.error) } });
    return;
  }
  const { step, shards, trained } = request;
  const outcomes = shards.map((shard): ShardOutcome => {
    try {
      return executor.compute(step, shard, trained);
    } catch (error) {
      return { shard, error: packError(error) };
    }
  });
  send({ kind: 'trained', outcomes });
}

/** Takes pieces until none is left. */
function inferAll(model: tf.LayersModel, job: InferenceJob): FailedPiece | undefined {
  let outcome: FailedPiece | boolean = true;
  while (outcome === true) outcome = inferPiece(model, job);
  return outcome === false ? undefined : outcome;
}
