import type { PackedError } from '../../../threads/packed-error.js';
import type { RunningBackend } from '../../backend.js';
import type { FailedPiece, InferenceJob } from '../infer.js';
import type { NetworkDescription } from '../network-description.js';
import type { NetworkData } from '../run-description.js';
import type { ShardResult, ShardSetup } from './shard-executor.js';

/** A run description's file, and the SHA-256 that it had when the run loaded it. */
export interface DescribedFile {
  readonly path: string;
  readonly checksum: string;
}

/** How a worker gets the network: from the run description's own code, or from the description of its layers. */
export type NetworkSource =
  | {
      readonly kind: 'run description';
      readonly file: DescribedFile;
      readonly data: NetworkData;
      readonly seed: number;
    }
  | { readonly kind: 'topology'; readonly topology: object };

/** The network that another one learns from: its layers as JSON, and its weights in shared memory. */
export interface TeacherSource {
  readonly topology: object;
  /** In the order of `modelWeights`. */
  readonly weights: readonly Float32Array[];
}

/** What a worker starts with. Memory is shared, not copied. */
export interface WorkerStart {
  readonly backend: RunningBackend['name'];
  readonly source: NetworkSource;
  /** The network that the worker must end up with. */
  readonly network: NetworkDescription;
  readonly setup: ShardSetup;
  readonly teacher: TeacherSource | undefined;
}

/** What a worker is asked to do with the published weights. */
export type WorkerRequest = (TrainRequest | InferRequest) & {
  /** The main thread has its quantizers switched off. */
  readonly withoutQuantizers: boolean;
};

interface TrainRequest {
  readonly kind: 'train';
  readonly step: number;
  readonly shards: readonly number[];
  /** Positions of the weights that are trained. */
  readonly trained: readonly number[];
}

interface InferRequest {
  readonly kind: 'infer';
  readonly job: InferenceJob;
}

/** What became of a shard: a result, or an error. */
export type ShardOutcome = ShardResult | { readonly shard: number; readonly error: PackedError };

export type WorkerReply =
  | { readonly kind: 'ready' }
  /** The network cannot be built there. */
  | { readonly kind: 'refused'; readonly error: PackedError }
  | { readonly kind: 'trained'; readonly outcomes: readonly ShardOutcome[] }
  | { readonly kind: 'inferred'; readonly failed: (Omit<FailedPiece, 'error'> & { error: PackedError }) | undefined };
