import { describe, expect, it } from 'vitest';
import { adderMatrix } from '../../../bench/adder-matrices.js';
import { packDigit } from '../../../src/qfx/hardware/adders/digit.js';
import { Extraction } from '../../../src/qfx/hardware/adders/extraction.js';
import { improve } from '../../../src/qfx/hardware/adders/search.js';
import { canonicalSignedDigits } from '../../../src/qfx/hardware/adders/signed-digits.js';
import { Sums } from '../../../src/qfx/hardware/adders/sums.js';

describe('improve', () => {
  it('never ends with more adders, and finds fewer', () => {
    const matrix = adderMatrix('bytes', 8, 1);
    const sums = new Sums(8, 8);
    matrix.forEach((row, input) =>
      row.forEach((entry, column) => {
        for (const { shift, negative } of canonicalSignedDigits(entry))
          sums.add(8 + column, packDigit(input, shift, negative));
      }),
    );
    const extraction = new Extraction(sums, false);
    extraction.run((head) => head);
    const shared = sums.adders;
    // So little work that each call is some attempts.
    for (let call = 0; call < 50; call++) {
      const before = sums.adders;
      improve(sums, extraction, 3000);
      expect(sums.adders).toBeLessThanOrEqual(before);
    }
    expect(sums.adders).toBeLessThan(shared);
  });
});
