import { describeOperation } from './contract.js';
import type { OperationCase } from './contract.js';
import type { Draw } from './draw.js';
import { dyadic } from './dyadic.js';
import type { Dyadic } from './dyadic.js';
import { tracedSum } from './traced-sum.js';

interface Format {
  readonly signed: boolean;
  readonly wordLength: number;
  readonly binaryPoint: number;
}

/** A table whose first entry is the largest and above 0. */
function drawExponentials(draw: Draw) {
  const format = {
    signed: false,
    wordLength: draw.integer(1, draw.pick([3, 8, 40])),
    binaryPoint: draw.integer(-9, 9),
  };
  const length = draw.integer(1, 12);
  const raw = Float64Array.from(draw.raw([length], format) as Float64Array)
    .sort()
    .reverse();
  raw[0] = Math.max(raw[0], 1);
  return { shape: [length], format, raw };
}

const channelsOf = ({ inputs: [{ shape }] }: OperationCase) => shape[shape.length - 1];
const rawOf = (use: OperationCase, role: string) =>
  Array.from(use.constants[role].raw as ArrayLike<number | bigint>, BigInt);
const bitsOf = (value: bigint) => value.toString(2).length;

const wide = (signed: boolean) => ({
  shape: [2],
  format: { signed, wordLength: { axis: 0, values: [2, 3] }, binaryPoint: 0 },
  raw: new Float64Array(2).fill(1),
});

describeOperation({
  operation: 'softmax',
  draw(draw) {
    const shape = [...Array.from({ length: draw.integer(0, 2) }, () => draw.integer(1, 3)), draw.integer(1, 4)];
    const format = {
      signed: draw.pick([true, false]),
      wordLength: draw.integer(0, draw.pick([2, 4, 8, 20, 63])),
      binaryPoint: draw.integer(-20, 20),
    };
    const words = {
      signed: false,
      wordLength: draw.integer(0, draw.pick([4, 8, 20])),
      binaryPoint: draw.integer(-9, 9),
    };
    const length = 2 ** draw.integer(0, 5);
    const reciprocals = { shape: [length], format: words, raw: draw.raw([length], words) };
    return {
      attributes: {},
      inputs: [{ shape, format }],
      constants: { exponentials: drawExponentials(draw), reciprocals },
    };
  },
  shape: (use) => use.inputs[0].shape,
  evaluate(use, [values], trace) {
    const channels = channelsOf(use);
    const [exponentials, reciprocals] = [rawOf(use, 'exponentials'), rawOf(use, 'reciprocals')];
    const point = (role: string) => (use.constants[role].format as Format).binaryPoint;
    const lastExponent = bitsOf(BigInt(channels) * exponentials[0]) - 1;
    const results: Dyadic[] = [];
    for (let start = 0; start < values.length; start += channels) {
      const row = values.slice(start, start + channels);
      const largest = row.map(({ raw }) => raw).reduce((most, raw) => (raw > most ? raw : most));
      const shares = row.map(({ raw, binaryPoint }) => {
        trace({ raw: largest - raw, binaryPoint }, 'difference');
        const distance = Number(largest - raw);
        return distance < exponentials.length ? exponentials[distance] : 0n;
      });
      tracedSum(
        shares.map((share) => dyadic(share, point('exponentials'))),
        trace,
        'sum',
      );
      const sum = shares.reduce((total, share) => total + share);
      const exponent = bitsOf(sum) - 1;
      // The sum over the power of two below it, in steps of one entry, from 1 on.
      const entry = Number((sum * BigInt(reciprocals.length)) / 2n ** BigInt(exponent)) - reciprocals.length;
      for (const share of shares) {
        const raw = share * reciprocals[entry] * 2n ** BigInt(lastExponent - exponent);
        const result = dyadic(raw, point('reciprocals') + lastExponent);
        trace(result);
        results.push(result);
      }
    }
    return results;
  },
  // Of several channels the sums that take the largest reciprocals may not occur.
  extremes: (use) => (channelsOf(use) > 1 ? undefined : [{ isHigh: () => true }]),
  refusals: [
    {
      what: 'an input of several types',
      change: (use) => ({ ...use, inputs: [{ shape: [2], format: wide(false).format }] }),
      message: /input "input 0" has several types, needed: one/,
    },
    {
      what: 'exponentials that begin with 0',
      change: (use) => ({
        ...use,
        constants: {
          ...use.constants,
          exponentials: { ...use.constants.exponentials, raw: new Float64Array(use.constants.exponentials.raw.length) },
        },
      }),
      message: /exponentials: the first one is 0; needed: a first one above 0, which is the largest/,
    },
    {
      what: 'exponentials that grow',
      change: (use) => ({
        ...use,
        constants: {
          ...use.constants,
          exponentials: {
            shape: [3],
            format: { signed: false, wordLength: 2, binaryPoint: 0 },
            raw: Float64Array.of(2, 1, 3),
          },
        },
      }),
      message: /exponentials: the first one is 2, number 2 is larger/,
    },
    {
      what: 'signed exponentials, and ones of several types',
      change: (use) => ({ ...use, constants: { ...use.constants, exponentials: wide(use.inputs.length > 0) } }),
      message: /exponentials: needed: unsigned, of one type/,
    },
    {
      what: 'reciprocals of several types',
      change: (use) => ({ ...use, constants: { ...use.constants, reciprocals: wide(false) } }),
      message: /reciprocals: needed: unsigned, of one type/,
    },
    {
      what: 'a number of reciprocals that is no power of two',
      change: (use) => ({
        ...use,
        constants: {
          ...use.constants,
          reciprocals: {
            shape: [3],
            format: { signed: false, wordLength: 1, binaryPoint: 0 },
            raw: new Float64Array(3),
          },
        },
      }),
      message: /reciprocals: 3 of them, needed: a power of two/,
    },
  ],
});
