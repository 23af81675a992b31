import { describe, expect, it } from 'vitest';
import { QfxError } from '../../src/qfx/errors.js';
import type { FixedPointType, TensorFormat } from '../../src/qfx/number/type.js';
import {
  validateFormat,
  validateTensorFormat,
  validateTensorType,
  validateType,
} from '../../src/qfx/number/validate-type.js';

const good: FixedPointType = { signed: true, wordLength: 8, binaryPoint: 4, rounding: 'AP_RND', overflow: 'AP_SAT' };

describe('validateType', () => {
  it.each([
    {},
    { wordLength: 0 },
    { wordLength: 64 },
    { binaryPoint: -1024 },
    { binaryPoint: 1024 },
    { signed: false },
  ])('takes %j', (change) => expect(() => validateType({ ...good, ...change }, 'here')).not.toThrow());

  it.each([
    [{ wordLength: -1 }, 'here: word length -1, allowed: whole numbers 0 to 64'],
    [{ wordLength: 65 }, 'here: word length 65, allowed: whole numbers 0 to 64'],
    [{ wordLength: 7.5 }, 'here: word length 7.5, allowed: whole numbers 0 to 64'],
    [{ wordLength: NaN }, 'here: word length NaN, allowed: whole numbers 0 to 64'],
    [{ binaryPoint: 1025 }, 'here: binary point 1025, allowed: whole numbers -1024 to 1024'],
    [{ binaryPoint: -1025 }, 'here: binary point -1025, allowed: whole numbers -1024 to 1024'],
    [{ binaryPoint: 0.5 }, 'here: binary point 0.5, allowed: whole numbers -1024 to 1024'],
    [{ signed: 1 }, 'here: signed is 1, allowed: true or false'],
    [{ rounding: 'RND' }, 'here: rounding mode RND, allowed: AP_TRN, AP_TRN_ZERO, AP_RND'],
    [{ overflow: 'AP_WRAP_SM' }, 'here: overflow mode AP_WRAP_SM, allowed: AP_WRAP, AP_SAT, AP_SAT_ZERO, AP_SAT_SYM'],
    [{ overflow: 'AP_SAT_SYM', wordLength: 1 }, 'here: AP_SAT_SYM on a 1-bit signed type'],
  ])('refuses %j', (change, message) => {
    const type = { ...good, ...change } as FixedPointType;
    expect(() => validateType(type, 'here')).toThrow(QfxError);
    expect(() => validateType(type, 'here')).toThrow(message);
  });

  it('takes AP_SAT_SYM on one unsigned bit, and on no bit', () => {
    for (const change of [
      { signed: false, wordLength: 1 },
      { signed: true, wordLength: 0 },
    ]) {
      expect(() => validateType({ ...good, ...change, overflow: 'AP_SAT_SYM' }, 'here')).not.toThrow();
    }
  });

  it('checks a format without modes', () => {
    expect(() => validateFormat({ signed: true, wordLength: 65, binaryPoint: 0 }, 'layer "a"')).toThrow(
      'layer "a": word',
    );
  });
});

describe('validateTensorType', () => {
  const shape = [3, 2];
  const format: TensorFormat = {
    signed: true,
    wordLength: { elements: [0, 1, 2, 3, 4, 64] },
    binaryPoint: { axis: 1, values: [3, -3] },
  };

  it('takes spreads that fit the shape', () => {
    expect(() => validateTensorFormat(format, shape, 'w')).not.toThrow();
    expect(() => validateTensorType({ ...good, ...format }, shape, 'w')).not.toThrow();
  });

  it.each([
    [
      { binaryPoint: { axis: 0, values: [3, -3] } },
      'w: binaryPoint: 2 values for the axis 0 of shape [3, 2], which needs 3',
    ],
    [{ binaryPoint: { axis: 2, values: [3, -3] } }, 'w: binaryPoint: there is no axis 2 of shape [3, 2]'],
    [{ binaryPoint: { axis: 1, values: [3, 2000] } }, 'w: binary point 2000'],
    [{ wordLength: { elements: [1, 2] } }, 'w: wordLength: 2 values for the tensor of shape [3, 2], which needs 6'],
    [{ wordLength: { elements: [1, 2, 3, 4, 5, 65] } }, 'w: word length 65'],
    [{ wordLength: null }, 'w: wordLength: null, allowed: a number, { axis, values } or { elements }'],
  ])('refuses %j', (change, message) => {
    expect(() => validateTensorFormat({ ...format, ...change } as TensorFormat, shape, 'w')).toThrow(message);
  });

  it('looks for 1-bit elements under AP_SAT_SYM', () => {
    const type = { ...good, ...format, overflow: 'AP_SAT_SYM' } as const;
    expect(() => validateTensorType(type, shape, 'w')).toThrow('w: AP_SAT_SYM on a 1-bit signed type');
  });
});
