import type { FloatTensor } from './float-model.js';
import type { PlannedLayer, PlannedLayers } from './plan.js';

/**
 * Multiplies each BatchNorm into the dense or convolution layer in front of it. One whose input has another user, or comes from
 * elsewhere, is kept.
 * @param notes gets what was done, by the name of the BatchNorm's float layer
 */
export function foldBatchNormalization({ layers, output }: PlannedLayers, notes: Map<string, string>): PlannedLayers {
  let rest = [...layers];
  let end = output;
  for (const norm of layers.filter(({ kind }) => kind === 'batchNormalization')) {
    const [input] = norm.inputs;
    const source = rest.find(({ name }) => name === input);
    const users = rest.filter(({ inputs }) => inputs.includes(input));
    if (source === undefined || !isWeighted(source) || users.length > 1 || end === input) {
      notes.set(norm.from, 'kept: no dense or convolution layer in front of it that only it reads');
      continue;
    }
    notes.set(norm.from, `folded into ${source.name}`);
    const folded = fold(source, norm);
    if (end === norm.name) end = source.name;
    rest = rest
      .filter((layer) => layer !== norm)
      .map((layer) => (layer === source ? folded : readingInstead(layer, norm.name, source.name)));
  }
  return { layers: rest, output: end };
}

function isWeighted({ kind }: PlannedLayer): boolean {
  return ['dense', 'conv2d', 'conv2dTranspose', 'depthwiseConv2d'].includes(kind);
}

function readingInstead(layer: PlannedLayer, old: string, source: string): PlannedLayer {
  return { ...layer, inputs: layer.inputs.map((input) => (input === old ? source : input)) };
}

/** gamma / sqrt(variance + epsilon) * (w x + bias - mean) + beta as one sum of products, in doubles. */
function fold(source: PlannedLayer, norm: PlannedLayer): PlannedLayer {
  const { kernel, bias } = source.weights as Readonly<Record<string, FloatTensor>>;
  const { gamma, beta, moving_mean: mean, moving_variance: variance } = norm.weights ?? {};
  const channels = mean.values.length;
  const epsilon = norm.options?.epsilon as number;
  const scale = Float64Array.from(
    variance.values,
    (value, channel) => (gamma?.values[channel] ?? 1) / Math.sqrt(value + epsilon),
  );
  const values = kernel.values.map((value, index) => value * scale[index % channels]);
  const sums = Float32Array.from(
    scale,
    (factor, channel) => ((bias?.values[channel] ?? 0) - mean.values[channel]) * factor + (beta?.values[channel] ?? 0),
  );
  return {
    ...source,
    options: { ...source.options, useBias: true },
    weights: { kernel: { ...kernel, values }, bias: { shape: [channels], values: sums } },
  };
}
