import { createHash } from 'node:crypto';

/** A graph file taken apart without QFX, so that a test can say what it likes in it. */
export interface TakenApart {
  /** The safetensors header. */
  header: Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>;
  metadata: Record<string, string>;
  data: Uint8Array;
}

export function takeApart(bytes: Uint8Array): TakenApart {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  const { __metadata__: metadata, ...header } = JSON.parse(text) as Record<string, unknown>;
  return {
    header: header as TakenApart['header'],
    metadata: metadata as Record<string, string>,
    data: bytes.slice(8 + length),
  };
}

/** Puts a file together again as it is; headers in JSON.stringify's form, or any other text. */
export function putTogether({ header, metadata, data }: TakenApart, text?: string): Uint8Array {
  const json = new TextEncoder().encode(text ?? JSON.stringify({ __metadata__: metadata, ...header }));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + data.length).fill(32);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + length);
  return bytes;
}

/** Gives a file the checksum that belongs to its content: SHA-256 over the graph's text and each tensor's bytes, by name. */
export function seal(file: TakenApart): TakenApart {
  const hash = createHash('sha256').update(file.metadata.graph ?? '');
  for (const name of Object.keys(file.header).sort()) {
    const offsets: unknown = file.header[name]?.data_offsets;
    const [start, end] = Array.isArray(offsets) ? (offsets as number[]) : [0, 0];
    hash.update(file.data.subarray(start, end));
  }
  return { ...file, metadata: { ...file.metadata, sha256: hash.digest('hex') } };
}

/** The same file with another graph text (or JSON) and the checksum for it. */
export function withGraph(file: TakenApart, graph: unknown): Uint8Array {
  const text = typeof graph === 'string' ? graph : JSON.stringify(graph);
  return putTogether(seal({ ...file, metadata: { ...file.metadata, graph: text } }));
}

/** The graph's JSON, free to be changed. */
export function graphOf(file: TakenApart): GraphText {
  return JSON.parse(file.metadata.graph) as GraphText;
}

export interface GraphText {
  name: string;
  nodes: Record<string, unknown>[];
  outputs: string[];
  tensors: { name: string; shape: number[]; format: Record<string, unknown> }[];
  provenance: Record<string, unknown>;
}
