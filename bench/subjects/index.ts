import type { Subject } from '../harness/subject.js';
import { denseTraining } from './dense-training.js';
import { training } from './training.js';
import { workers } from './workers.js';

/** Everything that `npm run bench` measures, in this order. */
export const subjects: readonly Subject[] = [training, workers, denseTraining];
