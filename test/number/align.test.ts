import { describe, expect, it } from 'vitest';
import { alignTensor, largestBinaryPoint } from '../../src/qfx/number/align.js';
import type { IntegerTensor } from '../../src/qfx/number/raw-array.js';
import { toReal } from '../../src/qfx/number/real.js';
import { formatAt } from '../../src/qfx/number/validate-type.js';

const perChannel: IntegerTensor = {
  shape: [2, 3],
  format: { signed: true, wordLength: 4, binaryPoint: { axis: 1, values: [0, 3, -2] } },
  raw: Float64Array.from([-8, 7, 0, 1, -1, -8]),
};

const reals = ({ raw, format, shape }: IntegerTensor) =>
  Array.from<number | bigint, number>(raw, (value, index) => toReal(value, formatAt(format, shape, index)));

describe('alignTensor', () => {
  it('keeps every value and finds the word length', () => {
    expect(largestBinaryPoint(perChannel.format, perChannel.shape)).toBe(3);
    const aligned = alignTensor(perChannel, 3, 'w');
    expect(aligned.format).toEqual({ signed: true, wordLength: 9, binaryPoint: 3 });
    expect(aligned.raw).toEqual(Float64Array.from([-64, 7, 0, 8, -1, -256]));
    expect(reals(aligned)).toEqual(reals(perChannel));
  });

  it('changes to BigInt where the aligned word needs it', () => {
    const aligned = alignTensor(perChannel, 54, 'w');
    expect(aligned.format.wordLength).toBe(60);
    expect(aligned.raw).toBeInstanceOf(BigInt64Array);
    expect(aligned.raw[5]).toBe(-8n << 56n);
    expect(reals(aligned)).toEqual(reals(perChannel));
  });

  it('ignores the binary point of zero-width elements', () => {
    const tensor: IntegerTensor = {
      shape: [3],
      format: { signed: false, wordLength: { elements: [3, 0, 2] }, binaryPoint: { elements: [1, 40, -1] } },
      raw: Float64Array.from([7, 0, 3]),
    };
    expect(largestBinaryPoint(tensor.format, tensor.shape)).toBe(1);
    const aligned = alignTensor(tensor, 1, 'w');
    expect(aligned.format).toEqual({ signed: false, wordLength: 4, binaryPoint: 1 });
    expect(aligned.raw).toEqual(Float64Array.from([7, 0, 12]));
    const nothing = { signed: false, wordLength: 0, binaryPoint: 7 };
    expect(largestBinaryPoint(nothing, [2])).toBe(0);
    expect(alignTensor({ shape: [2], format: nothing, raw: new Float64Array(2) }, 0, 'w').format.wordLength).toBe(0);
  });

  it('refuses to lose bits and to pass 64 bits', () => {
    expect(() => alignTensor(perChannel, 2, 'layer "a": weights')).toThrow(
      `layer "a": weights: binary point 3 can't be aligned to 2 without losing bits`,
    );
    expect(() => alignTensor(perChannel, 59, 'layer "a": weights')).toThrow('layer "a": weights: 65 bits');
  });
});
