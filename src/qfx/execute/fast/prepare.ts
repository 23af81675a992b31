import { graphContexts } from '../../graph/context.js';
import type { Graph, GraphNode } from '../../graph/graph.js';
import { elementCount } from '../../number/shape.js';
import { isInput } from '../inputs.js';
import { prepareReferenceStep } from '../reference.js';
import type { WasmMemory } from '../../web-assembly.js';
import { Arena, Scratch } from './arena.js';
import { kernelsOn } from './kernels.js';
import type { Lowered, Lowering, Path, Place } from './lowering.js';
import { findLowering } from './operations/index.js';
import { storageOf } from './storage.js';
import { readImage, writeImage } from './values.js';

/** Values of a block of images take about as many bytes as a core's own cache holds, and a block has at most so many images. */
const blockBytes = 2 ** 18;
const blockImages = 256;

/** A node in the memory of its network. */
export interface PreparedNode {
  readonly node: GraphNode;
  readonly place: Place;
  /** How it is computed; undefined for an input. */
  readonly path: Path | undefined;
  /** Computes it for the first so many images of a block; does nothing for an input. */
  run(images: number): void;
}

/** A graph laid out in one memory, ready to run block by block. */
export interface PreparedNetwork {
  readonly memory: WasmMemory;
  /** Most images of a block. */
  readonly images: number;
  /** In the order of the graph. */
  readonly nodes: readonly PreparedNode[];
  /** Those of the nodes whose values are the graph's results. */
  readonly outputs: readonly PreparedNode[];
}

/** Chooses how each node is computed, by the types that are recorded for it, and lays everything out in one memory. */
export function prepareNetwork(graph: Graph): PreparedNetwork {
  const arena = new Arena();
  const scratch = new Scratch();
  const kernels = kernelsOn(arena.memory);
  const bytesOf = ({ shape, outputType }: GraphNode) => elementCount(shape) * 2 ** storageOf(outputType);
  const imageBytes = graph.nodes.reduce((sum, node) => sum + bytesOf(node), 0);
  const images = Math.min(Math.max(Math.floor(blockBytes / imageBytes), 1), blockImages);
  const places = new Map<string, Place>();
  const nodes = graphContexts(graph).map(({ node, context }): PreparedNode => {
    const { name, shape, outputType } = node;
    const output = {
      address: arena.allocate(images * bytesOf(node)),
      storage: storageOf(outputType),
      count: elementCount(shape),
      shape,
      format: outputType,
    };
    places.set(name, output);
    if (isInput(node)) return { node, place: output, path: undefined, run: () => {} };
    const inputs = node.inputs.map((input) => places.get(input) as Place);
    const lowering = { node, context, inputs, output, kernels, arena, scratch, images };
    return { node, place: output, ...(findLowering(node.operation)?.(lowering) ?? lowerToReference(lowering)) };
  });
  scratch.allocate(arena);
  const byName = new Map(nodes.map((prepared) => [prepared.node.name, prepared]));
  const outputs = graph.outputs.map((name) => byName.get(name) as PreparedNode);
  return { memory: arena.memory, images, nodes, outputs };
}

/** What no faster way is proven for. */
function lowerToReference({ node, context, inputs, output, arena: { memory } }: Lowering): Lowered {
  const step = prepareReferenceStep(node, context);
  return {
    path: 'reference',
    run(images) {
      for (let image = 0; image < images; image++) {
        writeImage(memory, output, image, step(inputs.map((input) => readImage(memory, input, image))));
      }
    },
  };
}
