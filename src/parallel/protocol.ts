import { QfxError } from '../qfx/errors.js';
import type { BatchResult, InputValues } from '../qfx/execute/network.js';

/** What a thread is asked: the results of images, which are counted from `firstImage` on. */
export interface Request {
  readonly values: InputValues;
  readonly layers: boolean;
  readonly firstImage: number;
}

/** An error on its way between threads. */
export interface PackedError {
  /** Of a QfxError only. */
  readonly where: string | undefined;
  readonly message: string;
  readonly stack: string | undefined;
}

export type Reply = { readonly result: BatchResult } | { readonly error: PackedError };

export function packError(error: unknown): PackedError {
  const where = error instanceof QfxError ? error.where : undefined;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { where, message, stack };
}

/** The error that a single thread would have thrown. */
export function unpackError({ where, message, stack }: PackedError): Error {
  if (where !== undefined) return new QfxError(where, message.slice(where.length + 2));
  return Object.assign(new Error(message), { stack });
}
