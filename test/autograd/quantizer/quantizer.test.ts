import { beforeAll, describe, expect, it } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { Quantizer, withoutQuantizers } from '../../../src/autograd/quantizer.js';
import type { QuantizerConfig } from '../../../src/autograd/quantizer.js';
import { maximumTrainedBinaryPoint } from '../../../src/autograd/quantizer-config.js';
import { startBackend, tf } from '../../../src/autograd/tensorflow.js';
import { QfxError } from '../../../src/qfx/errors.js';
import { castReal } from '../../../src/qfx/number/real.js';
import { randomSource } from '../kernels/support.js';
import { makeQuantizer } from './support.js';

beforeAll(() => initializeBackend('wasm'));

const inference = { training: false };
const training = { training: true };

/** Value and gradients of sum(apply(x)) for one x at a given binary point. */
function castOne(x: number, config: QuantizerConfig, position: number) {
  const { quantizer, weights } = makeQuantizer(config, [1]);
  quantizer.positions = [position];
  const input = tf.variable(tf.tensor([x]));
  const loss = () => quantizer.apply(input, training).sum().asScalar();
  const { grads, value } = tf.variableGrads(loss, [input, weights.theta]);
  const dp = grads[weights.theta.name].dataSync()[0] / quantizer.config.learningRateScale;
  return { y: value.dataSync()[0], dx: grads[input.name].dataSync()[0], dp };
}

describe('the gradient of a cast', () => {
  it('is dy and ln2 * (x - y) inside the range', () => {
    const { y, dx, dp } = castOne(0.7, { wordLength: 4 }, 2);
    expect(y).toBe(0.75);
    expect(dx).toBe(1);
    expect(dp).toBeCloseTo(-0.03466, 5);
  });

  it('is 0 and -ln2 * y where the cast saturates', () => {
    const { y, dx, dp } = castOne(3, { wordLength: 4 }, 2);
    expect(y).toBe(1.75);
    expect(dx).toBe(0);
    expect(dp).toBeCloseTo(-1.213, 4);
  });

  it('counts a value that merely rounds onto the end of the range as inside', () => {
    expect(castOne(1.87, { wordLength: 4 }, 2)).toMatchObject({ y: 1.75, dx: 1 });
    expect(castOne(1.88, { wordLength: 4 }, 2)).toMatchObject({ y: 1.75, dx: 0 });
  });

  it('follows the rounding mode', () => {
    const cast = (rounding: QuantizerConfig['rounding']) => castOne(-0.375, { wordLength: 4, rounding }, 2).y;
    expect(cast('AP_RND')).toBe(-0.25);
    expect(cast('AP_RND_CONV')).toBe(-0.5);
    expect(cast('AP_TRN')).toBe(-0.5);
    expect(cast('AP_TRN_ZERO')).toBe(-0.25);
  });

  it('of a wrapping type is that of a saturating one, which it is only while training', () => {
    const config: QuantizerConfig = { wordLength: 4, overflow: 'AP_WRAP' };
    expect(castOne(3, config, 2)).toEqual(castOne(3, { wordLength: 4 }, 2));
    const { quantizer } = makeQuantizer({ ...config, binaryPoint: 2 }, [1]);
    expect(quantizer.apply(tf.tensor([3]), inference).dataSync()[0]).toBe(-1);
    expect(quantizer.type().overflow).toBe('AP_WRAP');
  });

  it('passes dy through for a given binary point, which has no weights', () => {
    const { quantizer, weights } = makeQuantizer({ wordLength: 4, binaryPoint: 2 }, [1]);
    expect(weights.theta).toBeUndefined();
    const [dx] = tf.grads((x: tf.Tensor) => quantizer.apply(x, training))([tf.tensor([0.7, 3])]);
    expect([...dx.dataSync()]).toEqual([1, 0]);
    expect(quantizer.isFrozen).toBe(true);
  });
});

describe('a quantizer', () => {
  const random = randomSource(1);
  const values = Float32Array.from({ length: 60 }, () => 4 * random() - 2);
  const data = () => tf.tensor(values, [20, 3]);

  it('finds its binary points on the first batch', () => {
    const { quantizer } = makeQuantizer({ wordLength: 8 }, [20, 3]);
    expect(quantizer.isInitialized).toBe(false);
    expect(() => quantizer.type()).toThrow(/first batch/);
    quantizer.apply(data(), training);
    expect(quantizer.isInitialized).toBe(true);
    expect(quantizer.binaryPoints).toEqual([6]);
    expect(quantizer.initialBinaryPoints).toEqual([6]);
    quantizer.positions = [4];
    quantizer.apply(data().mul(16), training);
    expect(quantizer.binaryPoints).toEqual([4]);
  });

  it('gives the raw integers of its type, per channel along the last axis', () => {
    const { quantizer } = makeQuantizer({ wordLength: 5, granularity: 'channel', rounding: 'AP_TRN' }, [20, 3]);
    quantizer.positions = [1, 3, 5];
    expect(quantizer.type()).toEqual({
      signed: true,
      wordLength: 5,
      rounding: 'AP_TRN',
      overflow: 'AP_SAT',
      binaryPoint: { axis: 1, values: [1, 3, 5] },
    });
    const { raw, shape } = quantizer.rawOf(data());
    expect(shape).toEqual([20, 3]);
    const type = { signed: true, wordLength: 5, rounding: 'AP_TRN', overflow: 'AP_SAT' } as const;
    expect([...raw].map(BigInt)).toEqual(
      [...values].map((value, index) => castReal(value, { ...type, binaryPoint: [1, 3, 5][index % 3] })),
    );
    const cast = quantizer.apply(data(), inference).dataSync();
    expect([...cast]).toEqual([...raw].map((integer, index) => Number(integer) * 2 ** -[1, 3, 5][index % 3]));
  });

  it('keeps all of its state in its two weights', () => {
    const config: QuantizerConfig = { wordLength: 4, granularity: 'channel' };
    const original = makeQuantizer(config, [20, 3]);
    original.quantizer.initialize(data());
    const copy = makeQuantizer(config, [20, 3]);
    const load = () => {
      copy.weights.theta.assign(original.weights.theta);
      copy.weights.state.assign(original.weights.state);
    };
    load();
    expect(copy.quantizer.type()).toEqual(original.quantizer.type());
    expect(copy.quantizer.isFrozen).toBe(false);
    original.quantizer.positions = [0.6, 1.4, 2.5];
    original.quantizer.freeze(data());
    load();
    expect(copy.quantizer.isFrozen).toBe(true);
    expect(copy.quantizer.type()).toEqual(original.quantizer.type());
    expect(original.weights.theta.trainable).toBe(true);
    expect(original.weights.state.trainable).toBe(false);
  });

  it('does not move once frozen, whatever an optimiser does, and still has a gradient', () => {
    const { quantizer, weights } = makeQuantizer({ wordLength: 4 }, [20, 3]);
    quantizer.initialize(data());
    const optimizer = tf.train.adam(0.1);
    const step = () =>
      optimizer.minimize(() => quantizer.apply(data(), training).square().mean().asScalar(), true, [weights.theta]);
    for (let count = 0; count < 3; count++) step();
    quantizer.freeze(data());
    const frozenType = quantizer.type();
    const before = quantizer.positions;
    for (let count = 0; count < 3; count++) step();
    expect(quantizer.positions).not.toEqual(before);
    expect(quantizer.type()).toEqual(frozenType);
    const { grads } = tf.variableGrads(() => quantizer.apply(data(), training).sum().asScalar(), [weights.theta]);
    expect([...grads[weights.theta.name].dataSync()]).toEqual([0]);
  });

  it('freezes at the neighbour with the smaller squared error, not at the nearest', () => {
    const { quantizer } = makeQuantizer({ wordLength: 4 }, [2]);
    const coarse = tf.tensor([-3, 2]);
    const fine = tf.tensor([-0.375, 0.25]);
    quantizer.positions = [0.9];
    quantizer.freeze(coarse);
    expect(quantizer.binaryPoints).toEqual([0]);
    quantizer.positions = [2.1];
    quantizer.freeze(fine);
    expect(quantizer.binaryPoints).toEqual([3]);
  });

  it('freezes where it was put, at any integer and scale, though the float32 of its weight is near it only', () => {
    // Values that a finer neighbour would hold better.
    const halves = tf.tensor([1.5, -1.5, 2.5, 0.5]);
    for (const learningRateScale of [0.7, 1, 3, 7, 10, 1000]) {
      for (let point = -maximumTrainedBinaryPoint; point < maximumTrainedBinaryPoint; point++) {
        const { quantizer } = makeQuantizer({ wordLength: 8, learningRateScale }, [4]);
        quantizer.positions = [point];
        expect(quantizer.positions).toEqual([point]);
        quantizer.freeze(halves.mul(2 ** -point));
        expect(quantizer.binaryPoints).toEqual([point]);
      }
    }
  });

  it('finds binary points again once it has forgotten them', () => {
    const { quantizer } = makeQuantizer({ wordLength: 8 }, [20, 3]);
    quantizer.positions = [4];
    quantizer.forgetBinaryPoints();
    expect(quantizer.isInitialized).toBe(false);
    quantizer.apply(data(), training);
    expect(quantizer.binaryPoints).toEqual([6]);
  });

  it('repeats bit for bit', () => {
    const train = () => {
      const { quantizer, weights } = makeQuantizer({ wordLength: 3, granularity: 'channel' }, [20, 3]);
      const weight = tf.variable(data());
      const optimizer = tf.train.adam(0.01);
      const target = data().mul(0.7).add(0.1);
      for (let count = 0; count < 50; count++) {
        const loss = () => quantizer.apply(weight, training).sub(target).square().mean().asScalar();
        optimizer.minimize(loss, false, [weight, weights.theta]);
      }
      return [weight, weights.theta].map((variable) => Array.from(variable.dataSync()));
    };
    expect(train()).toEqual(train());
  });

  it('does nothing under withoutQuantizers, in and out of promises', async () => {
    const { quantizer } = makeQuantizer({ wordLength: 2 }, [20, 3]);
    const apply = () => quantizer.apply(data(), inference).dataSync();
    expect(withoutQuantizers(apply)).toEqual(values);
    expect(quantizer.isInitialized).toBe(false);
    expect(apply()).not.toEqual(values);
    const later = await withoutQuantizers(async () => {
      await Promise.resolve();
      return apply();
    });
    expect(later).toEqual(values);
    expect(() =>
      withoutQuantizers(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    await expect(withoutQuantizers(() => Promise.reject(new Error('later')))).rejects.toThrow('later');
    expect(apply()).not.toEqual(values);
  });
});

describe('a wrong configuration is refused by name', () => {
  const where = 'layer "conv1": weights';
  const cases: [string, unknown, RegExp][] = [
    ['unknown key', { wordLength: 8, bits: 8 }, /unknown key "bits", allowed: wordLength, signed, granularity/],
    ['missing word length', {}, /wordLength: found undefined/],
    ['word length beyond float32', { wordLength: 25 }, /wordLength: found 25/],
    ['word length that is no integer', { wordLength: 7.5 }, /wordLength: found 7.5/],
    ['rounding', { wordLength: 8, rounding: 'AP_ROUND' }, /rounding: found "AP_ROUND".*AP_RND_CONV/],
    ['overflow', { wordLength: 8, overflow: 'AP_WRAP_SM' }, /overflow: found "AP_WRAP_SM".*AP_SAT_SYM/],
    ['binary point', { wordLength: 8, binaryPoint: 61 }, /binaryPoint: found 61, .*<=60/],
    ['binary point that is no number', { wordLength: 8, binaryPoint: 'auto' }, /found "auto", allowed: "learned" or/],
    ['symmetric saturation of one bit', { wordLength: 1, overflow: 'AP_SAT_SYM' }, /1-bit signed/],
    ['no object', 8, /found 8/],
  ];
  for (const [name, config, message] of cases) {
    it(name, () => {
      const make = () => new Quantizer(config as QuantizerConfig, 'weights', where);
      expect(make).toThrow(QfxError);
      expect(make).toThrow(message);
      expect(make).toThrow(where);
    });
  }

  it('a binary point that leaves the range of float32', () => {
    const { quantizer } = makeQuantizer({ wordLength: 8 }, [1]);
    quantizer.positions = [61];
    expect(() => quantizer.apply(tf.tensor([1]), training)).toThrow(/binary point 61/);
  });

  it('channels without a known last axis', () => {
    const make = () => makeQuantizer({ wordLength: 8, granularity: 'channel' }, [3, null]);
    expect(make).toThrow(/last axis/);
  });

  it("a backend without QFX's kernels, an unknown backend", async () => {
    const { quantizer } = makeQuantizer({ wordLength: 8, binaryPoint: 2 }, [1]);
    await startBackend('cpu');
    expect(() => quantizer.apply(tf.tensor([1]), training)).toThrow(/initializeBackend/);
    await initializeBackend('cpu');
    expect(quantizer.apply(tf.tensor([0.3]), training).dataSync()[0]).toBe(0.25);
    await expect(initializeBackend('webgpu' as 'cpu')).rejects.toThrow(/unknown, allowed: auto, wasm, node, cpu/);
    await initializeBackend();
  });
});
