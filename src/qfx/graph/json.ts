import { QfxError } from '../errors.js';
import type { Json, JsonObject } from './graph.js';

/** Deepest nesting of objects and lists in what a graph carries. */
const maximumDepth = 32;

/**
 * A deep-frozen copy of plain data.
 * @throws QfxError for what JSON can't carry (NaN, infinity, undefined, functions, class instances), for integers beyond
 * 2^53 (write them as decimal strings) and for nesting deeper than 32
 */
export function copyJsonObject(value: unknown, where: string): JsonObject {
  const copy = copyJson(value, where, 0);
  if (typeof copy !== 'object' || copy === null || Array.isArray(copy)) throw new QfxError(where, 'needed: an object');
  return copy as JsonObject;
}

function copyJson(value: unknown, where: string, depth: number): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return checkNumber(value, where);
  if (depth >= maximumDepth) throw new QfxError(where, `nested deeper than ${maximumDepth}`);
  if (Array.isArray(value))
    return Object.freeze(value.map((item, index) => copyJson(item, `${where}[${index}]`, depth + 1)));
  if (typeof value !== 'object' || !isPlain(value))
    throw new QfxError(where, `${typeof value} is nothing that JSON carries`);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.freeze(
    Object.fromEntries(entries.map(([key, item]) => [key, copyJson(item, `${where}.${key}`, depth + 1)])),
  );
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function checkNumber(value: number, where: string): number {
  if (!Number.isFinite(value)) throw new QfxError(where, `${value} is nothing that JSON carries`);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new QfxError(where, `${value} is beyond 2^53, write it as a decimal string`);
  }
  return value === 0 ? 0 : value;
}

/** True when two pieces of JSON carry the same, whatever the order of keys. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(b, key) && equalJson((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}
