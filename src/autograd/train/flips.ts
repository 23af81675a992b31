import { z } from 'zod';
import { quantizersOf } from '../freeze/model.js';
import type { Quantizer } from '../quantizer.js';
import type { tf } from '../tensorflow.js';

/** How the binary points of each quantizer moved since the last epoch, one entry a quantizer, one pair a channel. */
export const flipsSchema = z.array(
  z.array(
    z.strictObject({
      /** Of the last move, -1 or 1; 0 before the first. */
      direction: z.int().min(-1).max(1),
      /** Moves against the direction of the one before. */
      turns: z.int().min(0),
    }),
  ),
);
type Flips = z.output<typeof flipsSchema>;

/** Counts how often binary points turn back: one that settles moves one way, one that oscillates turns again and again. */
export class FlipCounter {
  private readonly quantizers: readonly Quantizer[];
  private readonly known: (readonly number[] | undefined)[];

  /** @param flips of the session before; empty at the start of a run */
  constructor(
    model: tf.LayersModel,
    private flips: Flips = [],
  ) {
    this.quantizers = quantizersOf(model).map(({ quantizer }) => quantizer);
    this.known = this.quantizers.map(() => undefined);
  }

  /** Looks where the binary points are; to be called between any two updates. */
  look(): void {
    this.flips = this.quantizers.map((quantizer, position) => {
      const own = this.flips.at(position) ?? [];
      // One weight's binary point among thousands turns for nothing and hurts nobody.
      if (quantizer.config.granularity === 'element') return own;
      if (!quantizer.isInitialized || quantizer.isFrozen) return own;
      const points = quantizer.binaryPoints;
      const before = this.known[position] ?? points;
      this.known[position] = points;
      return points.map((point, channel) => {
        const { direction, turns } = own.at(channel) ?? { direction: 0, turns: 0 };
        const move = Math.sign(point - before[channel]);
        if (move === 0) return { direction, turns };
        return { direction: move, turns: turns + (move === -direction ? 1 : 0) };
      });
    });
  }

  /** The turns of the channel that has the most, by quantizer. */
  turns(): Map<Quantizer, number> {
    return new Map(
      this.quantizers.map((quantizer, position) => {
        return [quantizer, Math.max(0, ...(this.flips.at(position) ?? []).map(({ turns }) => turns))];
      }),
    );
  }

  /** Starts counting again, at the end of an epoch; directions stay known. */
  restart(): void {
    this.flips = this.flips.map((channels) => channels.map(({ direction }) => ({ direction, turns: 0 })));
  }

  /** What another session goes on from. */
  state(): Flips {
    return this.flips;
  }
}
