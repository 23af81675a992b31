import { describe, expect, it } from 'vitest';
import { integerLiteral, tableBody } from '../../src/hls-codegen/cpp-table.js';

describe('integerLiteral', () => {
  it('writes every 64-bit value as a literal of a type that holds it', () => {
    expect([0, -1, 2 ** 31 - 1, -(2 ** 31) + 1].map(integerLiteral)).toEqual(['0', '-1', '2147483647', '-2147483647']);
    expect([2 ** 31, -(2 ** 31)].map(integerLiteral)).toEqual(['2147483648LL', '-2147483648LL']);
    expect(integerLiteral(2n ** 63n - 1n)).toBe('9223372036854775807LL');
    expect(integerLiteral(2n ** 64n - 1n)).toBe('18446744073709551615ULL');
    expect(integerLiteral(-(2n ** 63n))).toBe('-9223372036854775807LL - 1');
  });
});

describe('tableBody', () => {
  it('puts the rows of a two-dimensional table in braces', () => {
    expect(tableBody([1, 2, 3, 4], [2, 2])).toBe('  {1, 2}, {3, 4},');
  });

  it('wraps long tables and long rows', () => {
    const values = Array.from({ length: 240 }, (_, index) => index - 120);
    for (const dimensions of [[240], [2, 120], [60, 4]]) {
      const lines = tableBody(values, dimensions).split('\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(112);
      expect(lines.length).toBeGreaterThan(5);
      expect(lines.join('').match(/-?\d+/g)!.map(Number)).toEqual(values);
    }
  });
});
