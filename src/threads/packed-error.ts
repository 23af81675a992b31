import { QfxError } from '../qfx/errors.js';

/** An error on its way between threads. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of a QfxError. */
  readonly where: string | undefined;
}

export function packError(error: unknown): PackedError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined, where: undefined };
  const { name, message, stack } = error;
  return { name, message, stack, where: error instanceof QfxError ? error.where : undefined };
}

/** The same error as in the other thread. */
export function unpackError({ name, message, stack, where }: PackedError): Error {
  const error = where === undefined ? new Error(message) : new QfxError(where, message.slice(where.length + 2));
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
