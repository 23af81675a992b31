import { beforeAll, describe, expect, it } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import type { Quantizer, QuantizerConfig } from '../../../src/autograd/quantizer.js';
import { tf } from '../../../src/autograd/tensorflow.js';
import { bestBinaryPoint } from '../../../src/qfx/number/binary-point.js';
import { randomSource } from '../kernels/support.js';
import { makeQuantizer } from './support.js';

beforeAll(() => initializeBackend('wasm'));

const samples = 1024;
/** Enough for three positions at the rate below, and to come to rest. */
const steps = 1500;

/** Values as they occur in networks: weights, activations, and data with outliers. */
const distributions: Record<string, (random: () => number) => number> = {
  normal: (random) => normal(random),
  uniform: (random) => 2 * random() - 1,
  'normal with outliers': (random) => normal(random) * (random() < 0.01 ? 8 : 1),
  'mostly zero': (random) => (random() < 0.6 ? 0 : Math.abs(normal(random))),
};

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Columns of one distribution, each at its own scale. Row-major [samples, channels]. */
function draw(distribution: (random: () => number) => number, channels: number, seed: number): Float32Array {
  const random = randomSource(seed);
  const scales = Array.from({ length: channels }, () => 2 ** (8 * random() - 5));
  return Float32Array.from(
    { length: samples * channels },
    (_, index) => distribution(random) * scales[index % channels],
  );
}

function column(values: Float32Array, channels: number, channel: number): Float32Array {
  return values.filter((_, index) => index % channels === channel);
}

/** Minimises the squared error of the cast with plain Adam, nothing but gradients. Returns p after each step. */
function descend(quantizer: Quantizer, theta: tf.Variable, x: tf.Tensor): number[][] {
  const path: number[][] = [];
  const optimizer = tf.train.adam(0.001);
  for (let step = 0; step < steps; step++) {
    optimizer.minimize(() => quantizer.apply(x, { training: true }).sub(x).square().mean().asScalar(), false, [theta]);
    path.push(quantizer.positions);
  }
  optimizer.dispose();
  return path;
}

const cases: { name: string; config: QuantizerConfig; channels: number }[] = [
  { name: '2 bits', config: { wordLength: 2 }, channels: 1 },
  { name: '4 bits', config: { wordLength: 4 }, channels: 1 },
  { name: '8 bits', config: { wordLength: 8, rounding: 'AP_RND_CONV' }, channels: 1 },
  { name: '3 bits per channel', config: { wordLength: 3, granularity: 'channel' }, channels: 3 },
  {
    name: '6 bits per channel',
    config: { wordLength: 6, granularity: 'channel', overflow: 'AP_SAT_SYM' },
    channels: 3,
  },
];

describe('a learned binary point', () => {
  for (const [distributionName, distribution] of Object.entries(distributions)) {
    for (const { name, config, channels } of cases) {
      it(`finds the boundary next to the exhaustive best and freezes at it: ${distributionName}, ${name}`, () => {
        const values = draw(distribution, channels, 7 + channels);
        const x = tf.tensor(values, [samples, channels]);
        const { quantizer, weights } = makeQuantizer(config, [samples, channels]);
        quantizer.initialize(x);
        const best = Array.from({ length: channels }, (_, channel) => {
          const { signed, rounding, overflow } = quantizer.config;
          const [wordLength] = quantizer.wordLengths;
          return bestBinaryPoint(column(values, channels, channel), { signed, wordLength, rounding, overflow })
            .binaryPoint;
        });
        expect(quantizer.binaryPoints).toEqual(best);
        for (const offset of [-3, 3]) {
          quantizer.positions = best.map((binaryPoint) => binaryPoint + offset);
          const path = descend(quantizer, weights.theta, x);
          best.forEach((binaryPoint, channel) => {
            const end = path[steps - 1][channel];
            expect(Math.abs(end - binaryPoint), `start at ${offset}, p ends at ${end}`).toBeLessThan(1);
            const distances = path.map((positions) => Math.abs(Math.abs(positions[channel] - binaryPoint) - 0.5));
            expect(Math.min(...distances), `start at ${offset}, p ends at ${end}`).toBeLessThan(0.01);
          });
          quantizer.freeze(x);
          expect(quantizer.isFrozen).toBe(true);
          expect(quantizer.binaryPoints, `start at ${offset}`).toEqual(best);
        }
        tf.dispose(x);
      });
    }
  }
});
