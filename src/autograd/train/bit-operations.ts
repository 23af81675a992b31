import { QfxError, unlessRefused } from '../../qfx/errors.js';
import { countAdders, countWordBits } from '../../qfx/graph/bit-operations.js';
import { pruneChannels } from '../../qfx/graph/prune-channels.js';
import { summarizeGraph } from '../../qfx/graph/summary.js';
import { compileProjection } from '../../qfx/number/k-hot.js';
import type { KHotProjection } from '../../qfx/number/k-hot.js';
import { elementCount } from '../../qfx/number/shape.js';
import { widestWord } from '../../qfx/number/type.js';
import { findOperation } from '../../qfx/operations/index.js';
import { graphOfModel } from '../freeze/graph-of-model.js';
import type { FixedPointLayer, LearnedFactor } from '../layers/layer.js';
import { connectionOf, describeOperands, isFixedPoint, isMover } from '../layers/sources.js';
import { longestWord } from '../quantizer-config.js';
import type { Quantizer } from '../quantizer.js';
import type { tf } from '../tensorflow.js';

/** A layer that multiplies by learned constants. */
interface CountedLayer extends LearnedFactor {
  readonly layer: FixedPointLayer;
  /** The layer whose values it gets, through what only moves them. */
  readonly source: FixedPointLayer;
  /** What decides how long these values are; undefined where that is given, or follows from all others. */
  readonly input: Quantizer | undefined;
}

/** What a layer takes at least. */
export interface LeastBitOperations {
  readonly layer: string;
  readonly bitOperations: number;
  /** The shortest words of what is multiplied. */
  readonly bits: { readonly values: number; readonly constants: number };
}

/**
 * The bit operations of a model, ready to be counted at any time: those of the graph that it would become now with all of its
 * channels, as `costOfProducts` of the graph counts them.
 */
export class BitOperations {
  private readonly layers: readonly CountedLayer[];

  /** @throws QfxError for a layer whose products the graph would count and training cannot */
  constructor(private readonly model: tf.LayersModel) {
    this.layers = model.layers.filter(isFixedPoint).flatMap(describe);
  }

  /** Of each layer, with word lengths and K-hot numbers as they are now. */
  perLayer(): { readonly layer: string; readonly bitOperations: number }[] {
    return this.layers.map((counted) => ({
      layer: counted.layer.name,
      bitOperations: counted.places * inputBits(counted) * costOfFactor(counted),
    }));
  }

  total(): number {
    return this.perLayer().reduce((sum, { bitOperations }) => sum + bitOperations, 0);
  }

  /**
   * Those of the graph that freezing would make now, without the channels that nothing depends on: at most `total`; `total` itself
   * where a layer cannot compute exactly. Builds the whole graph, which takes a while.
   */
  remaining(): number {
    const count = () => summarizeGraph(pruneChannels(graphOfModel(this.model, { name: this.model.name }).graph).graph);
    return unlessRefused(() => count().bitOperations, undefined) ?? this.total();
  }

  /**
   * What each layer takes at least with all of its channels: with the shortest words, and no more K-hot numbers than have to be.
   * Known before binary points are.
   */
  least(): LeastBitOperations[] {
    return this.layers.map((counted) => {
      const { layer, quantizer, places } = counted;
      const bits = { values: fewestInputBits(counted), constants: fewestBits(quantizer) };
      return { layer: layer.name, bits, bitOperations: places * bits.values * leastCostOfFactor(counted) };
    });
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
      const { input, quantizer, shape, places } = counted;
      if (input?.learnsWordLength) add(input, [places * costOfFactor(counted)]);
      const ofFactor = places * inputBits(counted);
      if (quantizer.learnsWordLength) {
        const { wordLengths } = quantizer;
        const elements = elementCount(shape) / wordLengths.length;
        add(
          quantizer,
          wordLengths.map(() => ofFactor * elements),
        );
      } else if (isSteered(quantizer)) {
        add(
          quantizer,
          slopesOfAdders(counted).map((slope) => ofFactor * slope),
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

/** What the constants take at each place, for each bit of the values. */
function costOfFactor(counted: CountedLayer): number {
  const { quantizer, shape } = counted;
  if (quantizer.config.kHot !== undefined) return sumOf(addersWith(counted, 0));
  return countWordBits({ shape, format: quantizer.type() });
}

/** The same at least. */
function leastCostOfFactor({ quantizer, shape }: CountedLayer): number {
  const { kHot } = quantizer.config;
  const elements = elementCount(shape);
  if (kHot === undefined) return elements * fewestBits(quantizer);
  // Binary numbers are a power of two each; any others may all become 0.
  return kHot.projection === 'sign' ? elements - shape[shape.length - 1] : 0;
}

/** Of the values that a layer gets; those that follow from all others may all be 0. */
function fewestInputBits({ input, source }: CountedLayer): number {
  if (input !== undefined) return fewestBits(input);
  if (source.operation === 'input') return widestWord(source.outputFormat(new Map()).wordLength);
  return source.operation === 'sign' ? 1 : 0;
}

function fewestBits({ config: { wordLength } }: Quantizer): number {
  return typeof wordLength === 'number' ? wordLength : wordLength.minimum;
}

/** Whether its numbers are K-hot and become fewer powers of two where the binary point moves: binary ones never do. */
function isSteered({ config, isLearned }: Quantizer): boolean {
  return config.kHot !== undefined && config.kHot.projection !== 'sign' && isLearned;
}

/**
 * How many adders one more fraction bit costs, one number for each binary point: half of what two bits more or less would change.
 * With fewer fraction bits small numbers lose their last powers of two, in the end all.
 */
function slopesOfAdders(counted: CountedLayer): number[] {
  const [finer, coarser] = [addersWith(counted, 1), addersWith(counted, -1)];
  const channels = finer.map((adders, channel) => (adders - coarser[channel]) / 2);
  return counted.quantizer.binaryPoints.length === 1 ? [sumOf(channels)] : channels;
}

/** Adders for each output channel of K-hot numbers, with so many fraction bits more than now. */
function addersWith({ quantizer, shape, values }: CountedLayer, moreBits: number): number[] {
  const { signed, kHot } = quantizer.config as Quantizer['config'] & { readonly kHot: KHotProjection };
  const wordLength = longestWord(quantizer.config);
  const projections = quantizer.binaryPoints.map((binaryPoint) =>
    compileProjection({ signed, wordLength, binaryPoint: binaryPoint + moreBits }, kHot),
  );
  const raw = Float64Array.from(values(), (value, index) => projections[index % projections.length](value));
  return countAdders(raw, shape[shape.length - 1], kHot.digits);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function describe(layer: FixedPointLayer): CountedLayer[] {
  const { factor } = layer;
  if (factor !== undefined) {
    const source = sourceOf(layer, layer);
    return [{ ...factor, layer, source, input: source.quantizers.get('output') }];
  }
  const { role, learned } = findOperation(layer.operation, layer.where).factor ?? {};
  if (learned !== true) return [];
  throw new QfxError(layer.where, `multiplies by its ${role} and does not say so: bit operations need its "factor"`);
}

/** The layer that decides about the values that a layer gets, behind what only moves them. */
function sourceOf(layer: tf.layers.Layer, user: FixedPointLayer): FixedPointLayer {
  const [source] = connectionOf(layer).inboundLayers;
  if (!isFixedPoint(source)) {
    if (isMover(source)) return sourceOf(source, user);
    throw new QfxError(user.where, `gets values of "${source.name}", which is not a fixed-point layer`);
  }
  const decides = 'output' in source.trainedConfig || source.operation === 'input' || source.operation === 'sign';
  return decides ? source : sourceOf(source, user);
}
