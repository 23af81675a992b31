import { QfxError, unlessRefused } from '../../qfx/errors.js';
import { elementCount } from '../../qfx/number/shape.js';
import type { FixedPointLayer } from '../layers/layer.js';
import { connectionOf, isFixedPoint, isMover } from '../layers/sources.js';
import type { Quantizer } from '../quantizer.js';
import type { tf } from '../tensorflow.js';

/**
 * Effective bit operations: for every multiplication of an image the product of its operands' word lengths (HGQ, Sun et al.,
 * 2024), a measure of the LUTs that it takes. With a K-hot weight it is K additions, each as wide as the other operand.
 */

/** A quantizer whose word length counts, or a word length that is given. */
type Width = Quantizer | number;

/** Bit operations of an image; undefined where a layer gets values without a word length of their own. */
export function countBitOperations(model: tf.LayersModel): number | undefined {
  return unlessRefused<number | undefined>(() => new BitOperations(model).total(), undefined);
}

interface CountedLayer {
  readonly layer: string;
  readonly input: Width;
  readonly weights: Quantizer;
  /** Multiplications of an image with the weights of one output channel. */
  readonly multiplications: number;
  readonly channels: number;
}

/** The dense and convolution layers of a model, ready to be counted at any time. */
export class BitOperations {
  private readonly layers: readonly CountedLayer[];

  /** @throws QfxError for a layer whose input has no word length of its own */
  constructor(model: tf.LayersModel) {
    this.layers = model.layers.filter(isFixedPoint).flatMap((layer) => {
      const weights = layer.quantizers.get('weights');
      return weights === undefined ? [] : [describe(layer, weights)];
    });
  }

  /** Of each layer, with the word lengths as they are now. */
  perLayer(): { readonly layer: string; readonly bitOperations: number }[] {
    return this.layers.map((counted) => ({ layer: counted.layer, bitOperations: bitOperations(counted) }));
  }

  total(): number {
    return this.layers.reduce((sum, layer) => sum + bitOperations(layer), 0);
  }

  /** The slope of the total by one bit of each quantizer's word lengths, one number a channel. */
  slopes(): Map<Quantizer, Float64Array> {
    const slopes = new Map<Quantizer, Float64Array>();
    const add = (width: Width, slopeOf: (channel: number, channels: number) => number) => {
      if (typeof width === 'number' || !width.learnsWordLength) return;
      const known = slopes.get(width) ?? new Float64Array(width.wordLengths.length);
      slopes.set(
        width,
        known.map((slope, channel) => slope + slopeOf(channel, known.length)),
      );
    };
    for (const counted of this.layers) {
      const { input, weights, multiplications, channels } = counted;
      add(input, () => bitsOfWeights(counted));
      add(weights, (_, spread) => (multiplications * lengthOf(input) * channels) / spread);
    }
    return slopes;
  }
}

function bitOperations(counted: CountedLayer): number {
  return lengthOf(counted.input) * bitsOfWeights(counted);
}

/** Over all multiplications of an image the bits of the weight, or its powers of two. */
function bitsOfWeights({ weights, multiplications, channels }: CountedLayer): number {
  const { kHot } = weights.config;
  if (kHot !== undefined) return multiplications * channels * kHot.terms;
  const { wordLengths } = weights;
  const mean = wordLengths.reduce((sum, wordLength) => sum + wordLength, 0) / wordLengths.length;
  return multiplications * channels * mean;
}

function lengthOf(width: Width): number {
  return typeof width === 'number' ? width : width.wordLengths[0];
}

function describe(layer: FixedPointLayer, weights: Quantizer): CountedLayer {
  const output = (layer.outputShape as (number | null)[]).slice(1).map(Number);
  const kernel = layer.weights.find(({ originalName }) => originalName.endsWith('kernel'));
  if (kernel === undefined) throw new QfxError(layer.where, 'has no kernel');
  const channels = output[output.length - 1];
  return {
    layer: layer.name,
    input: widthOf(connectionOf(layer).inboundLayers[0], layer),
    weights,
    multiplications: ((elementCount(output) / channels) * elementCount(kernel.shape as number[])) / channels,
    channels,
  };
}

/** What decides how long the values are that a layer gets. */
function widthOf(source: tf.layers.Layer, user: FixedPointLayer): Width {
  if (isFixedPoint(source)) {
    const output = source.quantizers.get('output');
    if (output !== undefined) return output;
    const given = source.getConfig().wordLength;
    if (typeof given === 'number') return given;
    if (source.getConfig().output === 'exact') {
      throw new QfxError(
        user.where,
        `gets exact values of "${source.name}", whose word length follows from all others; to count bit operations, ` +
          'give its output a word length',
      );
    }
  } else if (!isMover(source)) {
    throw new QfxError(user.where, `gets values of "${source.name}", which is not a fixed-point layer`);
  }
  return widthOf(connectionOf(source).inboundLayers[0], user);
}
