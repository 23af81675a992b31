import type { Subject } from '../harness/subject.js';
import { adders, largeAdders } from './adders.js';
import { cSimulation } from './c-simulation.js';
import { compile, recompile } from './compile.js';
import { denseTraining } from './dense-training.js';
import { executor } from './executor.js';
import { exporting } from './export.js';
import { training } from './training.js';
import { verification } from './verification.js';
import { workers } from './workers.js';

/** Everything that `npm run bench` measures, in this order. */
export const subjects: readonly Subject[] = [
  training,
  workers,
  denseTraining,
  executor,
  cSimulation,
  verification,
  compile,
  recompile,
  exporting,
  adders,
  largeAdders,
];
