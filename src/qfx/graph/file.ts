import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { QfxError } from '../errors.js';
import { Network } from '../execute/network.js';
import type { IntegerTensor } from '../number/raw-array.js';
import { buildGraph } from './build.js';
import { graphSchema } from './file-schema.js';
import type { GraphJson } from './file-schema.js';
import type { Graph } from './graph.js';
import { describeIssues } from './issues.js';
import { equalJson } from './json.js';
import { parseCanonicalJson, readContainer, writeContainer } from './safetensors.js';
import type { Container, StoredTensor } from './safetensors.js';
import { decodeTensor, encodeTensor } from './tensor-bytes.js';

const formatName = 'qfx-graph';
/** The version that is written. Every earlier one keeps loading. */
const formatVersion = '1';
const metadataKeys = ['format', 'format_version', 'graph', 'sha256'];

/** A graph as the bytes of one safetensors file; the same graph always gives the same bytes. */
export function saveGraph(graph: Graph): Uint8Array {
  const tensors = new Map(Object.entries(graph.tensors).map(([name, tensor]) => [name, encodeTensor(tensor)]));
  const json = JSON.stringify(toJson(graph));
  const metadata = { format: formatName, format_version: formatVersion, graph: json, sha256: checksum(json, tensors) };
  return writeContainer({ metadata, tensors });
}

export interface LoadOptions {
  /** Named in errors. Defaults to `graph file`. */
  readonly fileName?: string;
}

/**
 * A graph file, checked in full and ready to run.
 * @throws QfxError naming file, layer or tensor and what is wrong: damage, another version, structure, shapes, types, raw
 * integers outside their formats, and stored types other than the ones that the operations' rules give
 */
export function loadGraph(bytes: Uint8Array, { fileName = 'graph file' }: LoadOptions = {}): Network {
  const container = readContainer(bytes, fileName);
  const json = readJson(container, fileName);
  try {
    return new Network(checkedGraph(json, container));
  } catch (error) {
    if (error instanceof QfxError) throw new QfxError(fileName, error.message, { cause: error });
    throw error;
  }
}

function toJson({ name, nodes, outputs, tensors, provenance }: Graph): GraphJson {
  const sorted = Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    name,
    nodes: nodes.map((node) => ({
      name: node.name,
      operation: node.operation,
      inputs: node.inputs,
      attributes: node.attributes,
      constants: node.constants,
      shape: node.shape,
      exactType: node.exactType,
      intermediateTypes: node.intermediateTypes,
      outputType: node.outputType,
    })),
    outputs,
    tensors: sorted.map(([tensorName, { shape, format }]) => ({ name: tensorName, shape, format })),
    provenance,
  } as GraphJson;
}

/** SHA-256 over the graph's JSON and then every tensor's bytes, by name; in hexadecimal digits. */
function checksum(json: string, tensors: ReadonlyMap<string, StoredTensor>): string {
  const hash = sha256.create().update(new TextEncoder().encode(json));
  for (const [, { data }] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(data);
  return bytesToHex(hash.digest());
}

function readJson({ metadata, tensors }: Container, fileName: string): GraphJson {
  if (metadata.format !== formatName)
    throw new QfxError(fileName, `no ${formatName} file (its metadata say: ${metadata.format ?? 'no format'})`);
  if (metadata.format_version !== formatVersion) {
    throw new QfxError(
      fileName,
      `format version ${JSON.stringify(metadata.format_version)}, this QFX reads "${formatVersion}"`,
    );
  }
  const unknown = Object.keys(metadata).find((key) => !metadataKeys.includes(key));
  if (unknown !== undefined) throw new QfxError(fileName, `unknown metadata "${unknown}"`);
  const { graph: text = '', sha256: stated } = metadata;
  const found = checksum(text, tensors);
  if (stated !== found) {
    throw new QfxError(
      fileName,
      `its checksum is ${JSON.stringify(stated)}, its content has "${found}": damaged or edited`,
    );
  }
  const parsed = graphSchema.safeParse(parseCanonicalJson(text, `${fileName}: graph`));
  if (!parsed.success) throw new QfxError(`${fileName}: graph`, describeIssues(parsed.error));
  return parsed.data;
}

/** Builds the graph again and compares: the same rule that decided types and shapes then decides them now. */
function checkedGraph(json: GraphJson, container: Container): Graph {
  const tensors = new Map<string, IntegerTensor>();
  for (const { name, shape, format } of json.tensors) {
    const where = `tensor "${name}"`;
    const stored = container.tensors.get(name);
    if (stored === undefined) throw new QfxError(where, 'the graph names it, the file has no such tensor');
    if (tensors.has(name)) throw new QfxError(where, 'the graph names it twice');
    if (!equalJson(stored.shape, shape)) {
      throw new QfxError(where, `shape [${stored.shape.join(', ')}] in the file, [${shape.join(', ')}] in the graph`);
    }
    tensors.set(name, decodeTensor(stored, format, where));
  }
  const extra = [...container.tensors.keys()].find((name) => !tensors.has(name));
  if (extra !== undefined) throw new QfxError(`tensor "${extra}"`, 'the graph does not name it');
  const graph = buildGraph({ ...json, tensors: Object.fromEntries(tensors) });
  toJson(graph).nodes.forEach((rebuilt, index) => {
    const stored = json.nodes[index];
    for (const key of Object.keys(rebuilt) as (keyof typeof rebuilt)[]) {
      if (equalJson(stored[key], rebuilt[key])) continue;
      const expected = `the rules give ${JSON.stringify(rebuilt[key])}`;
      throw new QfxError(`layer "${rebuilt.name}"`, `its stored ${key} is ${JSON.stringify(stored[key])}, ${expected}`);
    }
  });
  return graph;
}
