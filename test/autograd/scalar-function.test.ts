import { describe, expect, it } from 'vitest';
import { fromSamples, sampleFunction, scalarFunctions, withSlope } from '../../src/autograd/scalar-function.js';

const points = Array.from({ length: 161 }, (_, index) => (index - 80) / 8);

describe('functions of one number', () => {
  it('have the slopes of their values', () => {
    for (const { value, derivative } of Object.values(scalarFunctions)) {
      const numeric = withSlope(value).derivative;
      for (const x of points) {
        const allowed = 1e-7 * Math.max(1, Math.abs(derivative(x)));
        expect(Math.abs(numeric(x) - derivative(x))).toBeLessThanOrEqual(allowed);
      }
    }
  });

  it('give GELU to the last bits', () => {
    // x times Phi(x), from tables of the normal distribution with 16 digits.
    const known = [
      [0, 0],
      [1, 0.8413447460685429],
      [-1, -0.15865525393145707],
      [2, 1.9544997361036416],
      [-3, -0.004049694094890284],
      [6, 6 * (1 - 9.865876450376981e-10)],
      [20, 20],
      [-20, 0],
    ];
    for (const [x, y] of known) expect(Math.abs(scalarFunctions.gelu.value(x) - y)).toBeLessThan(2e-15);
  });

  it('take the slope from one side where the other one has no value', () => {
    const { derivative } = withSlope(Math.log);
    expect(derivative(1)).toBeCloseTo(1, 6);
    expect(derivative(2 ** -14)).toBeGreaterThan(0);
    expect(withSlope((x) => Math.sqrt(1 - x)).derivative(1)).toBeLessThan(-50);
  });

  it('of which only samples are known are the same at the samples, straight between them, constant beyond', () => {
    const format = { signed: true, wordLength: 6, binaryPoint: 3 };
    const samples = sampleFunction(Math.tanh, format);
    const { value, derivative } = fromSamples(samples);
    for (let raw = -32; raw < 32; raw++) expect(value(raw / 8)).toBe(Math.tanh(raw / 8));
    expect(value(5 / 16)).toBe((Math.tanh(1 / 4) + Math.tanh(3 / 8)) / 2);
    expect([value(9), value(-9)]).toEqual([Math.tanh(31 / 8), Math.tanh(-4)]);
    expect(derivative(1 / 4)).toBe((Math.tanh(3 / 8) - Math.tanh(1 / 8)) * 4);
    expect(derivative(5 / 16)).toBe((Math.tanh(3 / 8) - Math.tanh(1 / 4)) * 8);
    expect([derivative(9), derivative(-9)]).toEqual([0, 0]);
    // The first and the last sample have a neighbour on one side.
    expect(derivative(-4)).toBe((Math.tanh(-31 / 8) - Math.tanh(-4)) * 8);
  });
});
