import { beforeAll, describe, expect, it } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { tf } from '../../../src/autograd/tensorflow.js';
import { bestBinaryPoint } from '../../../src/qfx/number/binary-point.js';
import type { UnplacedType } from '../../../src/qfx/number/binary-point.js';
import { overflows, roundings } from '../../../src/qfx/number/type.js';
import { pick, randomSource } from '../kernels/support.js';
import { makeQuantizer } from './support.js';

beforeAll(() => initializeBackend('wasm'));

/** Continuous data, and data on which several binary points are equally good or nearly so. */
const kinds: Record<string, (random: () => number) => number> = {
  uniform: (random) => 2 * random() - 1,
  'long tails': (random) => (2 * random() - 1) ** 9 * 8,
  'multiples of 1/8': (random) => pick(random, -8, 8) / 8,
  'one value': () => 0.3,
  zeros: () => 0,
  'two values next to a boundary': (random) => (random() < 0.5 ? 0.25 : 0.25 + 2 ** -20),
  tiny: (random) => (2 * random() - 1) * 2 ** -45,
  'beyond the binary points of training': (random) => (2 * random() - 1) * 2 ** -100,
};

describe('the binary point that is found on a batch', () => {
  for (const [kind, draw] of Object.entries(kinds)) {
    it(`is the exhaustive one: ${kind}`, () => {
      const random = randomSource(81);
      for (let trial = 0; trial < 56; trial++) {
        const type: UnplacedType = {
          signed: trial % 2 === 0,
          wordLength: pick(random, 2, 10),
          rounding: roundings[trial % roundings.length],
          overflow: overflows[trial % overflows.length],
        };
        const channels = trial % 3 === 0 ? 1 : pick(random, 1, 7);
        const rows = pick(random, 1, 200);
        const values = Float32Array.from({ length: rows * channels }, () => draw(random));
        const granularity = channels === 1 ? 'tensor' : 'channel';
        const { quantizer } = makeQuantizer({ ...type, granularity }, [rows, channels]);
        const x = tf.tensor(values, [rows, channels]);
        const columns = Array.from({ length: channels }, (_, channel) =>
          values.filter((_value, index) => index % channels === channel),
        );
        quantizer.initialize(x);
        const best = columns.map((column) => bestBinaryPoint(column, type).binaryPoint);
        expect(quantizer.binaryPoints, JSON.stringify(type)).toEqual(best);

        quantizer.positions = best.map((point) => point + 2 * random() - 1);
        const below = quantizer.positions.map(Math.floor);
        quantizer.freeze(x);
        expect(quantizer.binaryPoints, JSON.stringify(type)).toEqual(
          columns.map((column, channel) => {
            const candidates = [below[channel], below[channel] + 1];
            return bestBinaryPoint(column, type, candidates).binaryPoint;
          }),
        );
        x.dispose();
      }
    });
  }

  it('does not exist for values that are no numbers', () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      const { quantizer } = makeQuantizer({ wordLength: 4 }, [3]);
      const x = tf.tensor([0.5, value, 0.25]);
      expect(() => quantizer.initialize(x)).toThrow(/finite/);
      quantizer.positions = [2.5];
      expect(() => quantizer.freeze(x)).toThrow(/finite/);
    }
  });
});
