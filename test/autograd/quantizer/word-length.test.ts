import { beforeAll, describe, expect, it } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { resolveQuantizerConfig } from '../../../src/autograd/quantizer-config.js';
import { tf } from '../../../src/autograd/tensorflow.js';
import { castReal } from '../../../src/qfx/number/real.js';
import { randomSource } from '../kernels/support.js';
import { makeQuantizer } from './support.js';

beforeAll(() => initializeBackend('wasm'));

const learned = { initial: 6, maximum: 8 };
const training = { training: true };

/** Sets F and I as real numbers. */
function place(made: ReturnType<typeof makeQuantizer>, points: number[], integers: number[]) {
  const { quantizer, weights } = made;
  quantizer.positions = points;
  weights.integerTheta.assign(tf.tensor(integers.map((bits) => bits / quantizer.config.learningRateScale)));
}

describe('a learned word length', () => {
  it('is F + I within its bounds; where I leaves no room, F gives way', () => {
    const made = makeQuantizer({ wordLength: { minimum: 1, ...learned } }, [4]);
    const formats = (point: number, integers: number) => {
      place(made, [point], [integers]);
      return [made.quantizer.wordLengths[0], made.quantizer.binaryPoints[0]];
    };
    expect(formats(3.4, 2.4)).toEqual([5, 3]);
    expect(formats(3.6, 2.6)).toEqual([7, 4]);
    expect(formats(7, 3)).toEqual([8, 5]);
    expect(formats(-3, 2)).toEqual([1, -1]);
  });

  it('starts at its initial length where the squared error is smallest', () => {
    const { quantizer } = makeQuantizer({ wordLength: learned }, [3]);
    quantizer.initialize(tf.tensor([0.7, -0.9, 0.2]));
    expect(quantizer.wordLengths).toEqual([6]);
    expect(quantizer.type()).toMatchObject({ wordLength: 6, binaryPoint: 5 });
  });

  it('gives values inside the range a slope by F, those outside one by I', () => {
    const random = randomSource(3);
    for (const granularity of ['tensor', 'channel', 'element'] as const) {
      const made = makeQuantizer({ wordLength: learned, granularity }, [40, 3]);
      const { quantizer, weights } = made;
      const integer = (first: number, last: number) => first + Math.floor(random() * (last - first + 1));
      const [points, integers] = {
        tensor: [[3], [2]],
        channel: [
          [3, 5, -1],
          [2, -1, 1],
        ],
        element: [Array.from({ length: 120 }, () => integer(1, 5)), Array.from({ length: 120 }, () => integer(-1, 2))],
      }[granularity];
      place(made, points, integers);
      const channels = points.length;
      const values = Float32Array.from({ length: 120 }, () => 6 * random() - 3);
      const slopes = values.map(() => random() - 0.5);
      const input = tf.variable(tf.tensor(values, [40, 3]));
      const loss = () =>
        quantizer
          .apply(input, training)
          .mul(tf.tensor(slopes, [40, 3]))
          .sum()
          .asScalar();
      const { grads } = tf.variableGrads(loss, [input, weights.theta, weights.integerTheta]);
      const y = quantizer.apply(input, training).dataSync();
      const expected = { x: [] as number[], points: points.map(() => 0), integers: points.map(() => 0) };
      values.forEach((value, index) => {
        const channel = index % channels;
        const wordLength = points[channel] + integers[channel];
        const type = { signed: true, wordLength, binaryPoint: points[channel], rounding: 'AP_RND' } as const;
        const raw = Number(castReal(value, { ...type, overflow: 'AP_SAT' }));
        const wide = Number(castReal(value, { ...type, wordLength: 40, overflow: 'AP_SAT' }));
        expect(y[index]).toBe(raw * 2 ** -points[channel] + 0);
        const isInside = raw === wide;
        expected.x.push(isInside ? slopes[index] : 0);
        if (isInside) expected.points[channel] += Math.LN2 * slopes[index] * (value - y[index]);
        else expected.integers[channel] += Math.LN2 * slopes[index] * y[index];
      });
      const scale = quantizer.config.learningRateScale;
      expect([...grads[input.name].dataSync()]).toEqual(expected.x);
      grads[weights.theta.name].dataSync().forEach((slope, channel) => {
        expect(slope / scale).toBeCloseTo(expected.points[channel], 4);
      });
      grads[weights.integerTheta.name].dataSync().forEach((slope, channel) => {
        expect(slope / scale).toBeCloseTo(expected.integers[channel], 4);
      });
    }
  });

  it('may reach 0 for a channel, which then is 0', () => {
    const made = makeQuantizer({ wordLength: learned, granularity: 'channel' }, [5, 2]);
    place(made, [4, 2], [1, -3]);
    const { quantizer } = made;
    const x = tf.tensor([0.5, 0.5, -0.25, 3, 0.1, -7, 0, 1, 0.75, 0.9], [5, 2]);
    expect(quantizer.wordLengths).toEqual([5, 0]);
    const { format, raw } = quantizer.rawOf(x);
    expect(format.wordLength).toEqual({ axis: 1, values: [5, 0] });
    expect([...raw].filter((_, index) => index % 2 === 1)).toEqual([0, 0, 0, 0, 0]);
    expect([...raw].filter((_, index) => index % 2 === 0)).toEqual([8, -4, 2, 0, 12]);
  });

  it('may differ from element to element, and prunes single ones', () => {
    const made = makeQuantizer({ wordLength: learned, granularity: 'element' }, [2, 2]);
    place(made, [4, 2, 6, 0], [1, -3, 0, 3]);
    const { quantizer } = made;
    const x = tf.tensor([0.5, 0.5, -0.25, -3.2], [2, 2]);
    const { format, raw } = quantizer.rawOf(x);
    expect(format.wordLength).toEqual({ elements: [5, 0, 6, 3] });
    expect(format.binaryPoint).toEqual({ elements: [4, 3, 6, 0] });
    expect([...raw]).toEqual([8, 0, -16, -3]);
    expect([...quantizer.apply(x, training).dataSync()]).toEqual([0.5, 0, -0.25, -3]);
  });

  it('starts, element by element, no finer than the best binary point of the whole tensor', () => {
    const random = randomSource(8);
    const values = Float32Array.from({ length: 60 }, (_, index) => (index === 7 ? 3.3 : random() - 0.5));
    const { quantizer } = makeQuantizer({ wordLength: learned, granularity: 'element' }, [60]);
    const { quantizer: whole } = makeQuantizer({ wordLength: learned }, [60]);
    for (const each of [quantizer, whole]) each.initialize(tf.tensor(values));
    const [finest] = whole.binaryPoints;
    expect(quantizer.wordLengths).toEqual(new Array(60).fill(6));
    const errorAt = (value: number, binaryPoint: number) => {
      const raw = castReal(value, { ...quantizer.config, wordLength: 6, binaryPoint });
      return Math.abs(value - Number(raw) * 2 ** -binaryPoint);
    };
    const smallest = Array.from(values, (value) =>
      Math.min(...[0, 1, 2, 3, 4, 5, 6, 7, 8].filter((point) => point <= finest).map((point) => errorAt(value, point))),
    );
    const points = quantizer.binaryPoints;
    expect(points.map((point, index) => errorAt(values[index], point))).toEqual(smallest);
    expect(Math.max(...points)).toBe(finest);
    expect(points[7]).toBeLessThan(finest);
  });

  it('is frozen together with the binary point, and stays when what is trained moves on', () => {
    const made = makeQuantizer({ wordLength: learned, granularity: 'channel' }, [5, 2]);
    place(made, [3.2, 4.4], [1.3, 0.6]);
    const { quantizer, weights } = made;
    quantizer.freeze(tf.tensor([0.5, 0.5, -0.25, 0.3, 0.1, -0.7, 0, 0.1, 0.75, 0.9], [5, 2]));
    expect(quantizer.wordLengths).toEqual([4, 5]);
    const points = quantizer.binaryPoints;
    points.forEach((point, channel) => expect([0, 1]).toContain(point - [3, 4][channel]));
    weights.integerTheta.assign(tf.tensor([9, 9]));
    weights.theta.assign(tf.tensor([9, 9]));
    expect([quantizer.wordLengths, quantizer.binaryPoints]).toEqual([[4, 5], points]);
  });

  it.each<[object, RegExp]>([
    [
      { wordLength: { initial: 9, maximum: 8 } },
      /here: wordLength: minimum 0, initial 9, maximum 8, needed: in ascending/,
    ],
    [
      { wordLength: learned, binaryPoint: 3 },
      /here: a learned word length with binaryPoint 3, allowed with: "learned"/,
    ],
    [
      { wordLength: 6, granularity: 'element' },
      /here: granularity "element" with a word length of 6, allowed with: a learned word length/,
    ],
    [{ wordLength: learned, kHot: { terms: 1 } }, /here: a learned word length with kHot given/],
    [
      { wordLength: learned, overflow: 'AP_WRAP' },
      /here: a learned word length with overflow AP_WRAP, allowed with: AP_SAT/,
    ],
  ])('is refused in %o', (config, message) => {
    expect(() => resolveQuantizerConfig(config, 'here')).toThrow(message);
  });
});
