import type { BatchResult, InputValues } from '../qfx/execute/network.js';
import type { PackedError } from '../threads/packed-error.js';

/** What a thread is asked: the results of images, which are counted from `firstImage` on. */
export interface Request {
  readonly values: InputValues;
  readonly layers: boolean;
  readonly firstImage: number;
}

export type Reply = { readonly result: BatchResult } | { readonly error: PackedError };
