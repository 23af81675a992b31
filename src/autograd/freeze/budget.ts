import { QfxError } from '../../qfx/errors.js';
import type { Quantizer } from '../quantizer.js';

/** What a network takes of something, now, and the quantizers that can take less. */
export interface Consumption {
  total(): number;
  /** By one bit of each quantizer. */
  slopes(): ReadonlyMap<Quantizer, unknown>;
}

/**
 * Makes words of frozen quantizers shorter, one last bit at a time, until a network takes at most its budget: each time that bit
 * which costs the least loss for what it saves.
 * @param lossOf measures the loss of the network as it is
 * @throws QfxError where the shortest words take more than the budget
 */
export function keepBudget(consumption: Consumption, budget: number, lossOf: () => number): void {
  let loss = lossOf();
  for (let total = consumption.total(); total > budget; total = consumption.total()) {
    let best: { readonly quantizer: Quantizer; readonly price: number; readonly loss: number } | undefined;
    for (const quantizer of consumption.slopes().keys()) {
      const before = formatsOf(quantizer);
      if (!shorten(quantizer)) continue;
      const saved = total - consumption.total();
      const shorter = lossOf();
      quantizer.freezeAt(before.binaryPoints, before.wordLengths);
      const price = (shorter - loss) / saved;
      if (saved > 0 && (best === undefined || price < best.price)) best = { quantizer, price, loss: shorter };
    }
    if (best === undefined) {
      throw new QfxError('resources', `${Math.ceil(total)} bit operations with the shortest words, allowed: ${budget}`);
    }
    shorten(best.quantizer);
    ({ loss } = best);
  }
}

function formatsOf({ binaryPoints, wordLengths }: Quantizer) {
  return { binaryPoints: [...binaryPoints], wordLengths: [...wordLengths] };
}

/** Takes the last bit off all words that may be shorter; false where none may. */
function shorten(quantizer: Quantizer): boolean {
  const { wordLength } = quantizer.config;
  if (typeof wordLength === 'number') return false;
  const { binaryPoints, wordLengths } = formatsOf(quantizer);
  const shorter = wordLengths.map((bits) => Math.max(wordLength.minimum, bits - 1));
  if (shorter.every((bits, channel) => bits === wordLengths[channel])) return false;
  quantizer.freezeAt(
    binaryPoints.map((point, channel) => point - (wordLengths[channel] - shorter[channel])),
    shorter,
  );
  return true;
}
