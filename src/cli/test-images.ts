import { dataSets, imageSize, loadTestData } from '../data/index.js';
import type { TestSet } from '../data/index.js';
import { isUniform, QfxError } from '../qfx/index.js';
import type { Graph, GraphNode } from '../qfx/index.js';
import { UsageError } from './command.js';

/** Labelled images as raw integers of a network's input. */
export interface TestImages {
  /** The data set's name. */
  readonly name: string;
  readonly count: number;
  /** Raw integers of one image, in the order of the input's shape. */
  image(index: number): ArrayLike<number>;
  label(index: number): number;
}

export interface TestImageOptions {
  /** The data set's folder. */
  readonly data?: string;
  /** The data set's name; by default what the graph was trained on. */
  readonly dataSet?: string;
}

/** Options that several commands share. */
export const testImageOptions = {
  data: { type: 'string', requiresArg: true, describe: "The data set's folder (else QFX_DATA, then the cache)" },
  'data-set': {
    type: 'string',
    choices: Object.keys(dataSets),
    describe: 'The data set (else what the graph was trained on)',
  },
} as const;

/**
 * The test images of the data set that a graph was trained on, or of another one.
 * @throws QfxError when they do not fit the network's input, UsageError when nobody says which data set
 */
export async function loadTestImages(graph: Graph, options: TestImageOptions): Promise<TestImages> {
  return labelledImages(graph, await loadTestSet(graph, options));
}

/**
 * The data set that a graph was trained on, or another one, without its training images.
 * @throws UsageError when nobody says which
 */
export async function loadTestSet(graph: Graph, options: TestImageOptions): Promise<TestSet> {
  const name = options.dataSet ?? trainedOn(graph);
  if (name === undefined) {
    throw new UsageError(
      `graph "${graph.name}" does not say what it was trained on; add --data-set ${Object.keys(dataSets).join('|')}`,
    );
  }
  return loadTestData(name, { folder: options.data });
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
  const scale = scaleOfBytes(input);
  return {
    name: set.name,
    count: set.test.labels.length,
    image(index) {
      const bytes = set.test.images.subarray(index * size, (index + 1) * size);
      return scale === 1 ? bytes : Float64Array.from(bytes, (byte) => byte * scale);
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

function trainedOn(graph: Graph): string | undefined {
  const { data } = graph.provenance as { data?: { name?: unknown } };
  return typeof data?.name === 'string' ? data.name : undefined;
}

function singleInput(graph: Graph): GraphNode {
  const inputs = graph.nodes.filter(({ operation }) => operation === 'input');
  if (inputs.length === 1) return inputs[0];
  throw new QfxError(`graph "${graph.name}"`, `has ${inputs.length} inputs; images need one`);
}

/** Bytes mean byte/256; what one of them is in raw integers of the input. */
function scaleOfBytes({ name, outputType }: GraphNode): number {
  const scale = isUniform(outputType) ? 2 ** (outputType.binaryPoint - 8) : NaN;
  if (Number.isInteger(scale)) return scale;
  throw new QfxError(`layer "${name}"`, 'image bytes are multiples of 2^-8, and its type does not hold them exactly');
}
