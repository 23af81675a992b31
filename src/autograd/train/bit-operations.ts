import { QfxError } from '../../qfx/errors.js';
import { countAdders, countWeightBits } from '../../qfx/graph/bit-operations.js';
import { compileProjection } from '../../qfx/number/k-hot.js';
import type { KHotProjection } from '../../qfx/number/k-hot.js';
import { elementCount } from '../../qfx/number/shape.js';
import { widestWord } from '../../qfx/number/type.js';
import type { FixedPointLayer } from '../layers/layer.js';
import { connectionOf, describeOperands, isFixedPoint, isMover } from '../layers/sources.js';
import { longestWord } from '../quantizer-config.js';
import type { Quantizer } from '../quantizer.js';
import { peek } from '../tensorflow.js';
import type { tf } from '../tensorflow.js';

/** A dense layer or a convolution. */
interface CountedLayer {
  readonly layer: FixedPointLayer;
  /** What decides how long the values are that it gets; undefined where that is given. */
  readonly input: Quantizer | undefined;
  readonly weights: Quantizer;
  readonly kernel: tf.LayerVariable;
  /** Places of an image where its sums are computed. */
  readonly places: number;
}

/**
 * The bit operations of a model, ready to be counted at any time: those of the graph that it would become now, as
 * `costOfProducts` of the graph counts them.
 */
export class BitOperations {
  private readonly layers: readonly CountedLayer[];

  /** @throws QfxError for a layer whose input has no word length of its own */
  constructor(model: tf.LayersModel) {
    this.layers = model.layers.filter(isFixedPoint).flatMap((layer) => {
      const weights = layer.quantizers.get('weights');
      return weights === undefined ? [] : [describe(layer, weights)];
    });
  }

  /** Of each layer, with word lengths and K-hot weights as they are now. */
  perLayer(): { readonly layer: string; readonly bitOperations: number }[] {
    return this.layers.map((counted) => ({
      layer: counted.layer.name,
      bitOperations: counted.places * inputBits(counted) * costOfWeights(counted),
    }));
  }

  total(): number {
    return this.perLayer().reduce((sum, { bitOperations }) => sum + bitOperations, 0);
  }

  /**
   * The slope of the total by one bit of each quantizer that can take less, one number a channel: by a bit of its word length where
   * that is learned, by a step of its binary point where its numbers are K-hot.
   */
  slopes(): Map<Quantizer, Float64Array> {
    const slopes = new Map<Quantizer, Float64Array>();
    const add = (quantizer: Quantizer, values: readonly number[]) => {
      const known = slopes.get(quantizer);
      slopes.set(
        quantizer,
        Float64Array.from(values, (value, channel) => value + (known?.[channel] ?? 0)),
      );
    };
    for (const counted of this.layers) {
      const { input, weights, kernel, places } = counted;
      if (input?.learnsWordLength) add(input, [places * costOfWeights(counted)]);
      const ofWeights = places * inputBits(counted);
      if (weights.learnsWordLength) {
        const { wordLengths } = weights;
        const elements = elementCount(kernel.shape as number[]) / wordLengths.length;
        add(
          weights,
          wordLengths.map(() => ofWeights * elements),
        );
      } else if (isSteered(counted)) {
        add(
          weights,
          slopesOfAdders(counted).map((slope) => ofWeights * slope),
        );
      }
    }
    return slopes;
  }
}

function inputBits({ layer }: CountedLayer): number {
  const [{ format }] = describeOperands(layer, new Map());
  return widestWord(format.wordLength);
}

/** What the weights take at each place, for each bit of the values. */
function costOfWeights(counted: CountedLayer): number {
  const { weights, kernel } = counted;
  if (weights.config.kHot !== undefined) return sumOf(addersWith(counted, 0));
  return countWeightBits({ shape: kernel.shape as number[], format: weights.type() });
}

/** Whether its weights are K-hot and become fewer powers of two where the binary point moves: binary weights never do. */
function isSteered({ weights }: CountedLayer): boolean {
  const { kHot } = weights.config;
  return kHot !== undefined && kHot.projection !== 'sign' && weights.isLearned;
}

/**
 * How many adders one more fraction bit costs, one number for each binary point: half of what two bits more or less would change.
 * With fewer fraction bits small weights lose their last powers of two, in the end all.
 */
function slopesOfAdders(counted: CountedLayer): number[] {
  const [finer, coarser] = [addersWith(counted, 1), addersWith(counted, -1)];
  const channels = finer.map((adders, channel) => (adders - coarser[channel]) / 2);
  return counted.weights.binaryPoints.length === 1 ? [sumOf(channels)] : channels;
}

/** Adders for each output channel of K-hot weights, with so many fraction bits more than now. */
function addersWith({ weights, kernel }: CountedLayer, moreBits: number): number[] {
  const { signed, kHot } = weights.config as Quantizer['config'] & { readonly kHot: KHotProjection };
  const wordLength = longestWord(weights.config);
  const projections = weights.binaryPoints.map((binaryPoint) =>
    compileProjection({ signed, wordLength, binaryPoint: binaryPoint + moreBits }, kHot),
  );
  const values = peek(kernel.read());
  const raw = Float64Array.from(values, (value, index) => projections[index % projections.length](value));
  return countAdders(raw, (kernel.shape as number[]).at(-1) as number, kHot.digits);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function describe(layer: FixedPointLayer, weights: Quantizer): CountedLayer {
  const kernel = layer.weights.find(({ originalName }) => originalName.endsWith('kernel'));
  if (kernel === undefined) throw new QfxError(layer.where, 'has no kernel');
  const places = elementCount((layer.outputShape as (number | null)[]).slice(1, -1).map(Number));
  return { layer, input: sourceOf(layer, layer), weights, kernel, places };
}

/** The quantizer of the values that a layer gets, through what only moves them; undefined where none is. */
function sourceOf(layer: tf.layers.Layer, user: FixedPointLayer): Quantizer | undefined {
  const [source] = connectionOf(layer).inboundLayers;
  if (!isFixedPoint(source)) {
    if (isMover(source)) return sourceOf(source, user);
    throw new QfxError(user.where, `gets values of "${source.name}", which is not a fixed-point layer`);
  }
  const output = source.quantizers.get('output');
  if (output !== undefined || source.operation === 'input' || source.operation === 'sign') return output;
  if (source.getConfig().output === 'exact') {
    throw new QfxError(
      user.where,
      `gets exact values of "${source.name}", whose word length follows from all others; to count bit operations, ` +
        'give its output a word length',
    );
  }
  return sourceOf(source, user);
}
