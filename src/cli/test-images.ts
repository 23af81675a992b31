import { extname } from 'node:path';
import { dataSets, imageSize, inputFormat, loadData, loaderOfSource, loadTestData } from '../data/index.js';
import type { DataLoader, DataSet, InputFormat, TestSet } from '../data/index.js';
import { isUniform, QfxError } from '../qfx/index.js';
import type { Graph, GraphNode } from '../qfx/index.js';
import { UsageError } from './command.js';

/** Labelled images as raw integers of a network's input. */
export interface TestImages {
  /** The data set's name. */
  readonly name: string;
  readonly count: number;
  /** What a person should know about them. */
  readonly note?: string;
  /** Raw integers of one image, in the order of the input's shape. */
  image(index: number): ArrayLike<number>;
  label(index: number): number;
}

export interface TestImageOptions {
  /** The data set's folder. */
  readonly data?: string;
  /** The data set's name, or the run description that says which; by default what the graph was trained on. */
  readonly dataSet?: string;
}

/** Options that several commands share. */
export const testImageOptions = {
  data: { type: 'string', requiresArg: true, describe: "The data set's folder (else QFX_DATA, then the cache)" },
  'data-set': {
    type: 'string',
    requiresArg: true,
    describe: `The data set: ${Object.keys(dataSets).join(', ')}, or a run description (else what the graph was trained on)`,
  },
} as const;

/**
 * The test images of the data set that a graph was trained on, or of another one.
 * @throws QfxError when they do not fit the network's input, UsageError when nobody says which data set
 */
export async function loadTestImages(graph: Graph, options: TestImageOptions): Promise<TestImages> {
  const set = await loadTestSet(graph, options);
  const { data } = graph.provenance as { data?: { checksum?: unknown } };
  const isOther = 'checksum' in set && data?.checksum !== undefined && data.checksum !== set.checksum;
  const note = `data set "${set.name}" is not what "${graph.name}" was trained on: its SHA-256 is another one`;
  return { ...labelledImages(graph, set), ...(isOther && { note }) };
}

/**
 * The data set that a graph was trained on, or another one; of those that QFX knows by name without its training images.
 * @throws UsageError when nobody says which
 */
export async function loadTestSet(
  graph: Graph,
  { data: folder, dataSet }: TestImageOptions,
): Promise<TestSet | DataSet> {
  const source = dataSet === undefined ? trainedOn(graph) : await dataSetNamed(dataSet);
  return typeof source === 'string' ? loadTestData(source, { folder }) : loadData(source, { folder });
}

const names = Object.keys(dataSets);

/**
 * The data set of this name, or of this run description.
 * @throws UsageError where it is neither
 */
export async function dataSetNamed(dataSet: string): Promise<string | DataLoader> {
  if (names.includes(dataSet)) return dataSet;
  if (!['.ts', '.mts', '.js', '.mjs'].includes(extname(dataSet)))
    throw new UsageError(`--data-set ${dataSet}: ${names.join(', ')} or a run description (.ts, .js) is needed`);
  const { loadRunDescription } = await import('../autograd/index.js'); // a second, only where it is needed
  return (await loadRunDescription(dataSet)).data;
}

/** What a graph was trained on: a loader of QFX with its options, or a name. */
function trainedOn(graph: Graph): string | DataLoader {
  const { data } = graph.provenance as { data?: { name?: unknown; source?: unknown } };
  const where = `graph "${graph.name}"`;
  if (data?.source !== undefined) return loaderOfSource(data.source, `${where}: provenance: data: source`);
  if (typeof data?.name === 'string' && names.includes(data.name)) return data.name;
  const known = `${names.join('|')}|<run description>`;
  if (typeof data?.name !== 'string')
    throw new UsageError(`${where} does not say what it was trained on; add --data-set ${known}`);
  throw new UsageError(
    `${where} was trained on "${data.name}", which code of its run description loads; add --data-set <run description>`,
  );
}

/**
 * The test images of a data set as raw integers of a network's input.
 * @throws QfxError when they do not fit the network's input
 */
export function labelledImages(graph: Graph, set: TestSet): TestImages {
  const size = imageSize(set);
  const input = singleInput(graph);
  if (input.shape.join() !== set.shape.join()) {
    throw new QfxError(
      `layer "${input.name}"`,
      `takes [${input.shape.join(', ')}]; images of "${set.name}" are [${set.shape.join(', ')}]`,
    );
  }
  const scale = scaleOf(input, inputFormat(set.test));
  return {
    name: set.name,
    count: set.test.labels.length,
    image(index) {
      const raw = set.test.images.subarray(index * size, (index + 1) * size);
      return scale === 1 ? raw : Float64Array.from(raw, (value) => value * scale);
    },
    label: (index) => set.test.labels[index],
  };
}

/** The first of the images, all where there are fewer. */
export function firstTestImages(images: TestImages, count: number): TestImages {
  return { ...images, count: Math.min(count, images.count) };
}

/** The index of the largest value, the lowest one among equals; of an argmax, its value. */
export function predictedClass({ raw, shape }: { raw: ArrayLike<number | bigint>; shape: readonly number[] }): number {
  if (shape.length === 1 && shape[0] === 1) return Number(raw[0]);
  let best = 0;
  for (let index = 1; index < raw.length; index++) if (raw[index] > raw[best]) best = index;
  return best;
}

/** The one output whose largest value is the class. */
export function classOutput(graph: Graph): string {
  const [output, ...others] = graph.outputs;
  const where = `graph "${graph.name}"`;
  if (others.length > 0) throw new QfxError(where, `has ${graph.outputs.length} outputs; accuracy needs one`);
  const node = graph.nodes.find(({ name }) => name === output);
  if (node && !isUniform(node.outputType)) {
    throw new QfxError(`layer "${output}"`, 'values have different binary points, they cannot be compared as integers');
  }
  return output;
}

function singleInput(graph: Graph): GraphNode {
  const inputs = graph.nodes.filter(({ operation }) => operation === 'input');
  if (inputs.length === 1) return inputs[0];
  throw new QfxError(`graph "${graph.name}"`, `has ${inputs.length} inputs; images need one`);
}

/** What a raw integer of a data set is in raw integers of the network's input. */
function scaleOf({ name, outputType }: GraphNode, { binaryPoint }: InputFormat): number {
  const scale = isUniform(outputType) ? 2 ** (outputType.binaryPoint - binaryPoint) : NaN;
  if (Number.isInteger(scale)) return scale;
  throw new QfxError(
    `layer "${name}"`,
    `values of the images are multiples of 2^-${binaryPoint}, and its type does not hold them exactly`,
  );
}
