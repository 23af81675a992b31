import { QfxError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { makeRawArray } from '../number/raw-array.js';
import type { IntegerTensor, RawArray } from '../number/raw-array.js';
import { describeShape, layer } from '../operations/operation.js';
import type { TensorType } from '../number/type.js';
import { prepareNetwork } from './fast/prepare.js';
import type { PreparedNetwork, PreparedNode } from './fast/prepare.js';
import { readValues, writeImage, writeValues } from './fast/values.js';
import { isInput, nameInputs, readInput, requireValues } from './inputs.js';
import type { InputsByName, InputValues } from './inputs.js';

export type { InputsByName, InputValues } from './inputs.js';

export interface RunOptions {
  /** False: only the outputs are returned. */
  readonly layers?: boolean;
}

export interface RunResult {
  /** The graph's outputs by name. */
  readonly outputs: Readonly<Record<string, IntegerTensor>>;
  /** Every node's value after its cast, by name, inputs included; empty where `layers` is false. */
  readonly layers: Readonly<Record<string, IntegerTensor>>;
}

export interface BatchOptions extends RunOptions {
  /** What errors call the first image. Default: 0. */
  readonly firstImage?: number;
}

/** Raw integers of many images, one after the other. */
export interface BatchTensor {
  /** Of one image. */
  readonly shape: readonly number[];
  readonly format: TensorType;
  readonly raw: RawArray;
}

export interface BatchResult {
  readonly images: number;
  /** The graph's outputs by name. */
  readonly outputs: Readonly<Record<string, BatchTensor>>;
  /** Every node's values after its cast, by name, inputs included; empty where `layers` is false. */
  readonly layers: Readonly<Record<string, BatchTensor>>;
}

/** A graph that runs on integers: the golden model of everything that is made from it. */
export class Network {
  private prepared: PreparedNetwork | undefined;

  constructor(readonly graph: Graph) {}

  /**
   * The exact result for one image.
   * @param image raw integers of the input's declared type; by input name where the graph has several
   * @throws QfxError for a missing or unknown input, a wrong number of values, and a value that its type doesn't have
   */
  run(image: InputsByName, options: RunOptions = {}): RunResult {
    const prepared = (this.prepared ??= prepareNetwork(this.graph));
    const inputs = nameInputs(this.graph, image);
    for (const { node, place } of prepared.nodes) {
      if (isInput(node)) writeImage(prepared.memory, place, 0, readInput(node, inputs.get(node.name)));
    }
    for (const node of prepared.nodes) node.run(1);
    return collect(prepared, options, (node) => {
      const { count, format, shape } = node.place;
      const raw = makeRawArray(format, count);
      readValues(prepared.memory, node.place, 1, raw, 0);
      return { shape, format, raw };
    });
  }

  /**
   * The exact results for many images, the same as for each of them on its own; by far the fastest form for small networks.
   * @param images raw integers of all images, one image after the other; by input name where the graph has several
   * @throws QfxError as `run`, saying which image
   */
  runBatch(images: InputsByName, options: BatchOptions = {}): BatchResult {
    const prepared = (this.prepared ??= prepareNetwork(this.graph));
    const inputs = this.readBatch(prepared, images);
    const count = inputs[0].images;
    const kept = new Map<PreparedNode, RawArray>();
    const result = collect(prepared, options, (node) => {
      const { format, shape } = node.place;
      const raw = kept.get(node) ?? makeRawArray(format, count * node.place.count);
      kept.set(node, raw);
      return { shape, format: node.node.outputType, raw };
    });
    for (let start = 0; start < count; start += prepared.images) {
      const block = Math.min(prepared.images, count - start);
      for (const input of inputs) writeBlock(prepared, input, start, block, options.firstImage);
      for (const node of prepared.nodes) node.run(block);
      for (const [node, raw] of kept) readValues(prepared.memory, node.place, block, raw, start * node.place.count);
    }
    return { images: count, ...result };
  }

  private readBatch({ nodes }: PreparedNetwork, images: InputsByName): readonly BatchInput[] {
    const given = nameInputs(this.graph, images);
    const inputs = nodes
      .filter(({ node }) => isInput(node))
      .map((node): BatchInput => {
        const values = requireValues(node.node, given.get(node.node.name));
        return { node, values, images: values.length / node.place.count };
      });
    for (const { node, values, images: count } of inputs) {
      if (Number.isInteger(count) && count === inputs[0].images) continue;
      const { name, shape } = node.node;
      const found = Number.isInteger(count)
        ? `${values.length} values, that is ${count} images, input "${inputs[0].node.node.name}" has ${inputs[0].images}`
        : `${values.length} values, an image of shape ${describeShape(shape)} has ${node.place.count}`;
      throw new QfxError(layer(name), found);
    }
    return inputs;
  }
}

/** Outputs and layers, as `valueOf` gives them. */
function collect<Value>(
  { nodes, outputs }: PreparedNetwork,
  { layers = true }: RunOptions,
  valueOf: (node: PreparedNode) => Value,
): { outputs: Readonly<Record<string, Value>>; layers: Readonly<Record<string, Value>> } {
  const named = (chosen: readonly PreparedNode[]) =>
    Object.fromEntries(chosen.map((node) => [node.node.name, valueOf(node)]));
  return { outputs: named(outputs), layers: layers ? named(nodes) : {} };
}

interface BatchInput {
  readonly node: PreparedNode;
  readonly values: InputValues;
  readonly images: number;
}

/** Writes the images from `start` on into the block; errors count them from `firstImage` on. */
function writeBlock(
  { memory }: PreparedNetwork,
  { node, values }: BatchInput,
  start: number,
  images: number,
  firstImage = 0,
): void {
  const { place } = node;
  if (writeValues(memory, place, images, values, start * place.count)) return;
  for (let image = 0; image < images; image++) {
    const first = (start + image) * place.count;
    const own = Array.prototype.slice.call(values, first, first + place.count) as (number | bigint)[];
    writeImage(memory, place, image, readImageOf(node, own, firstImage + start + image));
  }
}

function readImageOf({ node }: PreparedNode, values: InputValues, image: number): RawArray {
  try {
    return readInput(node, values);
  } catch (error) {
    if (error instanceof QfxError) throw new QfxError(`image ${image}`, error.message, { cause: error });
    throw error;
  }
}
