/** A thread that makes batches: each message is a step, and so is the answer once its batch is in its place. */
import { parentPort, workerData } from 'node:worker_threads';
import { BatchMaker } from './batch-maker.js';
import type { BatchSetup } from './batch-maker.js';

const maker = new BatchMaker(workerData as BatchSetup);
parentPort?.on('message', (step: number) => {
  maker.make(step);
  parentPort?.postMessage(step);
});
