import { BatchNormalization } from '../layers/batch-normalization.js';
import { isFixedPoint } from '../layers/sources.js';
import { WeightedLayer } from '../layers/weighted-layer.js';
import type { Quantizer } from '../quantizer.js';
import { tf } from '../tensorflow.js';

/** Factors tried for a channel, in octaves around the one that puts its largest weight at the end of the type's range. */
const octaves = { first: -1, last: 1.5, steps: 40 };

/** Layers whose channels may have any factor, since their only reader is a BatchNorm. */
interface Pair {
  readonly layer: WeightedLayer;
  readonly norm: BatchNormalization;
  readonly quantizer: Quantizer;
}

/**
 * Gives every output channel of a dense or convolution layer in front of a BatchNorm the factor with which its weights lose least
 * in their cast, relative to their size, and takes the factor away again in the BatchNorm. In floating point nothing changes; in fixed
 * point a channel of small weights, which has only a few of the integers that it shares with the largest ones, gets all of
 * them. Quantizers of the weights must be placed.
 * @returns how many layers that was
 */
export function equalizeChannels(model: tf.LayersModel): number {
  const pairs = pairsOf(model);
  for (const { layer, norm, quantizer } of pairs)
    tf.tidy(() => {
      const factors = channelFactors(layer.kernelValues, quantizer);
      layer.scaleOutputs(factors);
      norm.followInput(factors);
    });
  return pairs.length;
}

function pairsOf(model: tf.LayersModel): Pair[] {
  return model.layers.flatMap((layer) => {
    const readers = layer.outboundNodes.map(({ outboundLayer }) => outboundLayer);
    const [norm] = readers;
    const isOutput = model.outputs.some(({ sourceLayer }) => sourceLayer === layer);
    if (!(layer instanceof WeightedLayer) || !isFixedPoint(layer)) return [];
    if (readers.length !== 1 || isOutput || !(norm instanceof BatchNormalization)) return [];
    return [{ layer, norm, quantizer: layer.quantizers.get('weights') as Quantizer }];
  });
}

/** [channels], the factors; 1 for a channel of zeros. */
function channelFactors(kernel: tf.Tensor, quantizer: Quantizer): tf.Tensor1D {
  const axes = kernel.shape.slice(0, -1).map((_, axis) => axis);
  const largest = kernel.abs().max(axes).dataSync();
  const { wordLengths, binaryPoints, config } = quantizer;
  const at = (values: readonly number[], channel: number) => values[channel] ?? values[0];
  const filling = Array.from(largest, (value, channel) => {
    const integerBits = at(wordLengths, channel) - at(binaryPoints, channel) - (config.signed ? 1 : 0);
    return value > 0 ? 2 ** integerBits / value : 1;
  });
  const best = filling.map((factor) => ({ factor, error: Infinity }));
  for (let step = 0; step <= octaves.steps; step++) {
    const octave = octaves.first + ((octaves.last - octaves.first) * step) / octaves.steps;
    const factors = filling.map((factor) => factor * 2 ** octave);
    const errors = tf.tidy(() => {
      const scaled = kernel.mul(tf.tensor1d(factors));
      return quantizer.apply(scaled, { training: false }).squaredDifference(scaled).sum(axes).dataSync();
    });
    factors.forEach((factor, channel) => {
      const error = errors[channel] / factor ** 2;
      if (largest[channel] > 0 && error < best[channel].error) best[channel] = { factor, error };
    });
  }
  return tf.tensor1d(best.map(({ factor }) => factor));
}
