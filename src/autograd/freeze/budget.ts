import { QfxError } from '../../qfx/errors.js';
import { maximumTrainedBinaryPoint } from '../quantizer-config.js';
import type { Quantizer } from '../quantizer.js';
import type { Steps } from './steps.js';

/** How many layers a message names. */
const namedLayers = 5;

/** What a layer takes. */
interface Taking {
  readonly layer: string;
  readonly bitOperations: number;
}

/** What a network takes, now, and the quantizers that can take less. */
export interface Consumption {
  /** By the channels that freezing keeps, which are what a budget is for. */
  remaining(): number;
  /** By all channels; quickly told. */
  total(): number;
  perLayer(): readonly Taking[];
  /** By one bit of each quantizer, of its word or, where its numbers are K-hot, of their fractions. */
  slopes(): ReadonlyMap<Quantizer, unknown>;
}

/** What a network would become with fewer bits of one quantizer. */
interface Saving {
  readonly quantizer: Quantizer;
  readonly formats: ReturnType<typeof formatsOf>;
  /** Loss for what it saves. */
  readonly price: number;
  readonly loss: number;
}

/**
 * Takes last bits off the numbers of frozen quantizers until a network takes at most its budget: each time those of that quantizer
 * which cost the least loss for what they save in all channels; in steps of one loss each. As a rule it is one bit; of K-hot numbers
 * it may take more until a power of two less remains.
 * @param lossOf measures the loss of the network as it is
 * @throws QfxError where the shortest words take more than the budget
 */
export function* keepingBudget(consumption: Consumption, budget: number, lossOf: () => number): Steps<void> {
  let loss = lossOf();
  for (let remaining = consumption.remaining(); remaining > budget; remaining = consumption.remaining()) {
    const total = consumption.total();
    let best: Saving | undefined;
    for (const quantizer of consumption.slopes().keys()) {
      const before = formatsOf(quantizer);
      if (saves(quantizer, consumption, total)) {
        const shorter = lossOf();
        const price = (shorter - loss) / (total - consumption.total());
        if (best === undefined || price < best.price)
          best = { formats: formatsOf(quantizer), quantizer, price, loss: shorter };
      }
      quantizer.freezeAt(before.binaryPoints, before.wordLengths);
      yield;
    }
    if (best === undefined) {
      const layers = listLargest(
        consumption.perLayer(),
        ({ layer, bitOperations }) => `layer "${layer}" ${bitOperations}`,
      );
      throw new QfxError(
        'resources',
        `${Math.ceil(remaining)} bit operations with the shortest words (of all channels: ${layers}), allowed: ${budget}`,
      );
    }
    best.quantizer.freezeAt(best.formats.binaryPoints, best.formats.wordLengths);
    ({ loss } = best);
  }
}

/** The layers that take most, in words, the largest first. */
export function listLargest<Layer extends Taking>(
  layers: readonly Layer[],
  describe: (layer: Layer) => string,
): string {
  const taking = layers.filter(({ bitOperations }) => bitOperations > 0);
  const sorted = taking.sort((one, other) => other.bitOperations - one.bitOperations);
  const rest = sorted.length > namedLayers ? [`${sorted.length - namedLayers} more`] : [];
  return [...sorted.slice(0, namedLayers).map(describe), ...rest].join(', ');
}

function formatsOf({ binaryPoints, wordLengths }: Quantizer) {
  return { binaryPoints: [...binaryPoints], wordLengths: [...wordLengths] };
}

/** Takes as many last bits as it needs to save anything; false where nothing does. */
function saves(quantizer: Quantizer, consumption: Consumption, total: number): boolean {
  while (shorten(quantizer)) if (consumption.total() < total) return true;
  return false;
}

/** Takes the last bit off all numbers that may be shorter; false where none may. */
function shorten(quantizer: Quantizer): boolean {
  const { wordLength, kHot } = quantizer.config;
  const { binaryPoints, wordLengths } = formatsOf(quantizer);
  if (typeof wordLength === 'number') {
    // A word of a given length has nothing to save; its K-hot numbers become coarser, until all are 0.
    if (kHot === undefined || binaryPoints.some((point) => point <= -maximumTrainedBinaryPoint)) return false;
    quantizer.freezeAt(binaryPoints.map((point) => point - 1));
    return true;
  }
  const shorter = wordLengths.map((bits) => Math.max(wordLength.minimum, bits - 1));
  if (shorter.every((bits, channel) => bits === wordLengths[channel])) return false;
  quantizer.freezeAt(
    binaryPoints.map((point, channel) => point - (wordLengths[channel] - shorter[channel])),
    shorter,
  );
  return true;
}
