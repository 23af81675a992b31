import { QfxError } from '../../qfx/errors.js';
import { Network } from '../../qfx/execute/network.js';
import { findNode } from '../../qfx/graph/context.js';
import type { Graph, GraphNode } from '../../qfx/graph/graph.js';
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
 * Runs real samples and the extremes of the input types through the model and through the graph's executor, and compares
 * every value of every layer.
 * @param samples one tensor an input, `count` of their images are replayed
 * @throws QfxError naming layer, index and both raw integers of the first difference
 */
export function replay(
  model: tf.LayersModel,
  description: ModelDescription,
  graph: Graph,
  samples: readonly tf.Tensor[],
  count: number,
): void {
  const inputs = description.inputs.map((layer, index) =>
    readInput(findNode(graph, layer.name), samples[index], count),
  );
  const labels = [
    ...Array.from({ length: count }, (_, index) => `sample ${index}`),
    ...extremes.map(({ label }) => label),
  ];
  const network = new Network(graph);
  const taps = tf.model({
    inputs: model.inputs,
    outputs: description.nodes.map(({ layer }) => layer.output as tf.SymbolicTensor),
  });
  for (let start = 0; start < labels.length; start += imagesAtOnce) {
    const end = Math.min(start + imagesAtOnce, labels.length);
    const values = runModel(taps, inputs, start, end);
    for (let image = start; image < end; image++) {
      const { layers } = network.run(Object.fromEntries(inputs.map(({ name, images }) => [name, images[image]])));
      description.nodes.forEach(({ node: { name } }, tap) => {
        const node = findNode(graph, name);
        const length = elementCount(node.shape);
        const trained = values[tap].subarray((image - start) * length, (image - start + 1) * length);
        compare(node, trained, layers[name].raw as Float64Array, labels[image]);
      });
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

function compare(node: GraphNode, trained: Float32Array, executed: Float64Array, label: string): void {
  const { binaryPoint } = node.outputType as FixedPointFormat;
  const scale = 2 ** binaryPoint;
  for (let index = 0; index < executed.length; index++) {
    const raw = trained[index] * scale;
    if (raw === executed[index]) continue;
    throw new QfxError(
      `layer "${node.name}"`,
      `the trained model and the graph differ at index ${index} of shape [${node.shape.join(', ')}], ${label}: ` +
        `raw ${raw} in the model, ${executed[index]} in the graph`,
    );
  }
}
