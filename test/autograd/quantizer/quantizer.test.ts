import { beforeAll, describe, expect, it } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { Quantizer } from '../../../src/autograd/quantizer.js';
import { tf } from '../../../src/autograd/tensorflow.js';
import { makeQuantizer } from './support.js';

beforeAll(() => initializeBackend('wasm'));

/** Value and gradients of sum(apply(x)) for one x and a given position. */
function castOne(x: number, config: Quantizer['config'], position: number) {
  const { quantizer, weights } = makeQuantizer(config, [1]);
  quantizer.positions = [position];
  const input = tf.variable(tf.tensor([x]));
  const { grads, value } = tf.variableGrads(
    () => quantizer.apply(input, { training: true }).sum().asScalar(),
    [input, weights.theta],
  );
  const dp = grads[weights.theta.name].dataSync()[0] / config.learningRateScale;
  return { y: value.dataSync()[0], dx: grads[input.name].dataSync()[0], dp };
}

describe('the gradient of a cast', () => {
  const config = new Quantizer({ wordLength: 4 }, 'x').config;

  it('is dy and ln2 * (x - y) inside the range', () => {
    const { y, dx, dp } = castOne(0.7, config, 2);
    expect(y).toBe(0.75);
    expect(dx).toBe(1);
    expect(dp).toBeCloseTo(-0.03466, 5);
  });

  it('is 0 and -ln2 * y where the cast saturates', () => {
    const { y, dx, dp } = castOne(3, config, 2);
    expect(y).toBe(1.75);
    expect(dx).toBe(0);
    expect(dp).toBeCloseTo(-1.213, 4);
  });
});
