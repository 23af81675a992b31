import { QfxError } from '../errors.js';
import { elementCount } from '../number/shape.js';

/**
 * The safetensors container: 8 bytes header length (little endian), a JSON header padded with spaces, then the tensors'
 * bytes without gaps. https://github.com/huggingface/safetensors#format
 * Its integer types carry graphs.
 */
export const integerTypes = {
  I8: { size: 1, signed: true },
  U8: { size: 1, signed: false },
  I16: { size: 2, signed: true },
  U16: { size: 2, signed: false },
  I32: { size: 4, signed: true },
  U32: { size: 4, signed: false },
  I64: { size: 8, signed: true },
  U64: { size: 8, signed: false },
} as const;
export type IntegerType = keyof typeof integerTypes;

/** Checkpoints of training carry float32 tensors. */
const storedTypes = { ...integerTypes, F32: { size: 4 } } as const;
export type StoredType = keyof typeof storedTypes;

export interface StoredTensor {
  readonly dtype: StoredType;
  readonly shape: readonly number[];
  /** Little endian, row-major. */
  readonly data: Uint8Array;
}

export interface Container {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

const lengthBytes = 8;
const metadataKey = '__metadata__';
/** The same limit as the format's own implementations. */
const maximumHeaderBytes = 100_000_000;

/** Bytes of a container; the same content always gives the same bytes (widest elements first, then by name). */
export function writeContainer({ metadata, tensors }: Container): Uint8Array {
  const ordered = [...tensors].sort(
    ([nameA, a], [nameB, b]) => storedTypes[b.dtype].size - storedTypes[a.dtype].size || (nameA < nameB ? -1 : 1),
  );
  let end = 0;
  const entries = ordered.map(([name, { dtype, shape, data }]) => {
    const start = end;
    end += data.length;
    return [name, { dtype, shape, data_offsets: [start, end] }] as const;
  });
  const text = JSON.stringify({ [metadataKey]: metadata, ...Object.fromEntries(entries) });
  const header = new TextEncoder().encode(text);
  const headerLength = Math.ceil(header.length / lengthBytes) * lengthBytes;
  const bytes = new Uint8Array(lengthBytes + headerLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(' '.charCodeAt(0), lengthBytes, lengthBytes + headerLength);
  bytes.set(header, lengthBytes);
  let position = lengthBytes + headerLength;
  for (const [, { data }] of ordered) {
    bytes.set(data, position);
    position += data.length;
  }
  return bytes;
}

/**
 * Takes a container apart. The tensors are views of `bytes`; nothing is allocated for a size that the header claims.
 * @param where what errors say first, for example a file's name
 * @throws QfxError for anything that is not a well-formed container
 */
export function readContainer(bytes: Uint8Array, where: string): Container {
  const header = readHeader(bytes, where);
  const data = bytes.subarray(lengthBytes + header.length);
  const { [metadataKey]: metadata = {}, ...entries } = header.content;
  const tensors = new Map(
    Object.entries(entries).map(([name, entry]) => [name, readTensor(entry, data, `${where}: tensor "${name}"`)]),
  );
  checkCoverage(tensors, data, where);
  return { metadata: readMetadata(metadata, where), tensors };
}

function readHeader(bytes: Uint8Array, where: string): { length: number; content: Record<string, unknown> } {
  if (bytes.length < lengthBytes) throw new QfxError(where, `${bytes.length} bytes, too short for a safetensors file`);
  const claimed = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
  const available = Math.min(bytes.length - lengthBytes, maximumHeaderBytes);
  if (claimed > BigInt(available)) {
    throw new QfxError(
      where,
      `its header claims ${claimed} bytes, at most ${available} are possible (cut off, or no safetensors file)`,
    );
  }
  const length = Number(claimed);
  const text = decodeText(bytes.subarray(lengthBytes, lengthBytes + length), `${where}: header`).replace(/ +$/, '');
  const content = parseCanonicalJson(text, `${where}: header`);
  if (!isRecord(content)) throw new QfxError(where, 'its header is not a JSON object');
  return { length, content };
}

/** Text of UTF-8 bytes; throws QfxError for others. */
function decodeText(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new QfxError(where, 'not valid UTF-8', { cause: error });
  }
}

/**
 * JSON that is written as JSON.stringify writes it: no spaces, no key twice, every number in its shortest form. So nothing
 * is lost between the text and what was read from it.
 */
export function parseCanonicalJson(text: string, where: string): unknown {
  let content: unknown;
  let again: string;
  try {
    content = JSON.parse(text);
    again = JSON.stringify(content);
  } catch (error) {
    throw new QfxError(where, `not valid JSON (${error instanceof Error ? error.message : String(error)})`, {
      cause: error,
    });
  }
  if (again !== text) {
    throw new QfxError(
      where,
      'JSON in another form than JSON.stringify gives it (spaces, a key twice, a number beyond 2^53)',
    );
  }
  return content;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readMetadata(metadata: unknown, where: string): Record<string, string> {
  if (!isRecord(metadata)) throw new QfxError(where, `${metadataKey} is not an object`);
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => {
      if (typeof value !== 'string') throw new QfxError(where, `${metadataKey}.${key} is not text`);
      return [key, value];
    }),
  );
}

function readTensor(entry: unknown, data: Uint8Array, where: string): StoredTensor {
  if (!isRecord(entry)) throw new QfxError(where, 'its header entry is not an object');
  const { dtype, shape, data_offsets: offsets, ...rest } = entry;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw new QfxError(where, `unknown key "${unknown}" in its header entry`);
  if (!isStoredType(dtype)) {
    throw new QfxError(where, `dtype ${JSON.stringify(dtype)}, allowed: ${Object.keys(storedTypes).join(', ')}`);
  }
  if (!isWholeNumbers(shape)) throw new QfxError(where, 'its shape is no list of whole numbers');
  if (!isWholeNumbers(offsets) || offsets.length !== 2 || offsets[0] > offsets[1] || offsets[1] > data.length) {
    throw new QfxError(where, `its data_offsets are no range within the ${data.length} bytes of data`);
  }
  const [start, end] = offsets;
  const needed = elementCount(shape) * storedTypes[dtype].size;
  if (needed !== end - start) {
    throw new QfxError(where, `${end - start} bytes, shape [${shape.join(', ')}] of ${dtype} needs ${needed}`);
  }
  return { dtype, shape, data: data.subarray(start, end) };
}

function isStoredType(dtype: unknown): dtype is StoredType {
  return typeof dtype === 'string' && Object.hasOwn(storedTypes, dtype);
}

function isWholeNumbers(values: unknown): values is number[] {
  return Array.isArray(values) && values.every((value) => Number.isSafeInteger(value) && value >= 0);
}

/** Every byte of the data belongs to one tensor. */
function checkCoverage(tensors: ReadonlyMap<string, StoredTensor>, data: Uint8Array, where: string): void {
  const ranges = [...tensors.values()]
    .map((tensor) => ({ start: tensor.data.byteOffset - data.byteOffset, length: tensor.data.length }))
    .sort((a, b) => a.start - b.start || a.length - b.length);
  let end = 0;
  for (const { start, length } of ranges) {
    if (start !== end)
      throw new QfxError(where, `its tensors overlap or leave a gap at byte ${Math.min(start, end)} of the data`);
    end = start + length;
  }
  if (end !== data.length) throw new QfxError(where, `${data.length - end} bytes of data belong to no tensor`);
}
