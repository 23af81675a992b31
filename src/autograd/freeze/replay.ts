import { QfxError } from '../../qfx/errors.js';
import { Network } from '../../qfx/execute/network.js';
import { findNode } from '../../qfx/graph/context.js';
import type { GraphNode } from '../../qfx/graph/graph.js';
import type { PrunedGraph } from '../../qfx/graph/prune-channels.js';
import { rawRange } from '../../qfx/number/type.js';
import type { FixedPointFormat } from '../../qfx/number/type.js';
import { elementCount } from '../../qfx/number/shape.js';
import { requireRepresentable } from '../layers/input.js';
import { tf } from '../tensorflow.js';
import type { ModelDescription } from './model.js';

/** Images that go through the model at once. */
const imagesAtOnce = 16;

/** Values of one input: what each image of the replay holds, as float32 and as raw integers. */
interface ReplayInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly binaryPoint: number;
  /** One array of raw integers an image. */
  readonly images: readonly Float64Array[];
}

/**
 * Runs real samples and the extremes of the input types through the model and through the executors of its graphs, and compares
 * every value of every layer that they have.
 * @param graphs with the inputs of the model
 * @param samples one tensor an input, `count` of their images are replayed
 * @throws QfxError naming layer, index and both raw integers of the first difference
 */
export function replay(
  model: tf.LayersModel,
  description: ModelDescription,
  graphs: readonly PrunedGraph[],
  samples: readonly tf.Tensor[],
  count: number,
): void {
  const inputs = description.inputs.map((layer, index) =>
    readInput(findNode(graphs[0].graph, layer.name), samples[index], count),
  );
  const labels = [
    ...Array.from({ length: count }, (_, index) => `sample ${index}`),
    ...extremes.map(({ label }) => label),
  ];
  const networks = graphs.map((pruned) => ({ ...pruned, network: new Network(pruned.graph) }));
  const taps = tf.model({
    inputs: model.inputs,
    outputs: description.nodes.map(({ layer }) => layer.output as tf.SymbolicTensor),
  });
  for (let start = 0; start < labels.length; start += imagesAtOnce) {
    const end = Math.min(start + imagesAtOnce, labels.length);
    const values = runModel(taps, inputs, start, end);
    for (let image = start; image < end; image++) {
      for (const { network, graph, kept } of networks) {
        const { layers } = network.run(Object.fromEntries(inputs.map(({ name, images }) => [name, images[image]])));
        description.nodes.forEach(({ node: { name } }, tap) => {
          const length = values[tap].length / (end - start);
          const trained = values[tap].subarray((image - start) * length, (image - start + 1) * length);
          compare(findNode(graph, name), kept.get(name), trained, layers[name].raw as Float64Array, labels[image]);
        });
      }
    }
  }
}

/** Inputs that reach the ends of every interval: all minimum, all maximum, alternating. */
const extremes = [
  { label: 'all-minimum input', pick: () => false },
  { label: 'all-maximum input', pick: () => true },
  { label: 'alternating input', pick: (index: number) => index % 2 === 1 },
] as const;

function readInput(node: GraphNode, samples: tf.Tensor, count: number): ReplayInput {
  const format = node.outputType as FixedPointFormat;
  const where = `layer "${node.name}"`;
  const length = elementCount(node.shape);
  const expected = node.shape.join(', ');
  if (samples.shape.slice(1).join(', ') !== expected) {
    throw new QfxError(where, `samples have shape [${samples.shape.join(', ')}], needed: [samples, ${expected}]`);
  }
  if (samples.shape[0] < count) {
    throw new QfxError(where, `${samples.shape[0]} samples, needed to prove the graph: at least ${count}`);
  }
  requireRepresentable(samples, format, where);
  const values = samples.dataSync();
  const scale = 2 ** format.binaryPoint;
  const { minimum, maximum } = rawRange(format);
  const real = Array.from({ length: count }, (_, image) =>
    Float64Array.from({ length }, (_unused, index) => values[image * length + index] * scale),
  );
  const extreme = extremes.map(({ pick }) =>
    Float64Array.from({ length }, (_, index) => Number(pick(index) ? maximum : minimum)),
  );
  return { name: node.name, shape: node.shape, binaryPoint: format.binaryPoint, images: [...real, ...extreme] };
}

/** Values of every tap for the images `start` to before `end`. */
function runModel(taps: tf.LayersModel, inputs: readonly ReplayInput[], start: number, end: number): Float32Array[] {
  const outputs = tf.tidy(() => {
    const batch = inputs.map(({ shape, binaryPoint, images }) => {
      const length = elementCount(shape);
      const values = new Float32Array((end - start) * length);
      images.slice(start, end).forEach((raw, image) => {
        values.set(
          raw.map((value) => value * 2 ** -binaryPoint),
          image * length,
        );
      });
      return tf.tensor(values, [end - start, ...shape], 'float32');
    });
    const results = taps.apply(batch, { training: false }) as tf.Tensor | tf.Tensor[];
    return Array.isArray(results) ? results : [results];
  });
  return outputs.map((output) => {
    const values = output.dataSync() as Float32Array;
    output.dispose();
    return values;
  });
}

/**
 * @param kept which of the model's channels the node has; default: all
 * @param trained what the model gives, with all channels
 */
function compare(
  node: GraphNode,
  kept: readonly number[] | undefined,
  trained: Float32Array,
  executed: Float64Array,
  label: string,
): void {
  const { binaryPoint } = node.outputType as FixedPointFormat;
  const scale = 2 ** binaryPoint;
  const places = elementCount(node.shape.slice(0, -1));
  for (let index = 0; index < executed.length; index++) {
    const raw = trained[kept === undefined ? index : placeBefore(index, kept, trained.length / places)] * scale;
    if (raw === executed[index]) continue;
    throw new QfxError(
      `layer "${node.name}"`,
      `the trained model and the graph differ at index ${index} of shape [${node.shape.join(', ')}], ${label}: ` +
        `raw ${raw} in the model, ${executed[index]} in the graph${kept === undefined ? '' : ' without pruned channels'}`,
    );
  }
}

/** The index of a value where no channels had gone. */
function placeBefore(index: number, kept: readonly number[], channels: number): number {
  return Math.floor(index / kept.length) * channels + kept[index % kept.length];
}
