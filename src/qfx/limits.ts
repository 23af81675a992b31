import { QfxError } from './errors.js';

/**
 * What a graph may ask for. Generous for what fits an FPGA, small enough that a file which claims absurd sizes is refused
 * before anything is computed or allocated for it.
 */
export const limits = {
  /** Values of one node. */
  nodeValues: 2 ** 24,
  /** Rows or columns of an image. */
  imageSide: 2 ** 16,
  /** Different numbers of taps that the windows of one average have on the image. */
  poolingCounts: 2 ** 12,
  /** Values of all nodes of a graph together. */
  graphValues: 2 ** 26,
  /** Multiplications of all nodes together, for one image. */
  graphMultiplications: 2 ** 40,
  /** Characters of a name. */
  nameLength: 200,
} as const;

/** Throws unless the text can name a node, a tensor or a graph. */
export function checkName(name: unknown, where: string): void {
  if (typeof name !== 'string') throw new QfxError(where, `a name is ${typeof name}, needed: text`);
  if (name.length === 0 || name.length > limits.nameLength) {
    throw new QfxError(where, `a name has ${name.length} characters, allowed: 1 to ${limits.nameLength}`);
  }
  if (/\p{Surrogate}/u.test(name)) throw new QfxError(where, 'a name holds half of a surrogate pair');
  if (name === '__proto__' || name === '__metadata__') throw new QfxError(where, `the name "${name}" is reserved`);
}
