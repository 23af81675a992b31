import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layerIdentifier, topIdentifier } from '../../src/hls-codegen/identifiers.js';
import { plainText } from '../../src/hls-codegen/plain-text.js';

const anyName = fc.oneof(
  fc.string({ minLength: 1, maxLength: 200, unit: 'binary' }),
  fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }),
  fc.constantFrom(
    'int',
    'y0',
    'gamma',
    'main',
    '../../etc',
    'a/b',
    '*/',
    '"',
    '\\\n',
    '??/',
    '_',
    '__',
    'é',
    '卷积',
    'a b',
    'a_b',
  ),
);

describe('layerIdentifier', () => {
  it('is a safe, prefixed C++ identifier and file name for any name', () => {
    fc.assert(
      fc.property(fc.nat(10_000), anyName, (index, name) => {
        const identifier = layerIdentifier(index, name, 'conv2d');
        expect(identifier).toMatch(/^l[0-9]+_[A-Za-z0-9]([A-Za-z0-9_]*[A-Za-z0-9])?$/);
        expect(identifier).not.toContain('__');
        expect(identifier.length).toBeLessThan(50);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  it('stays unique with any suffixes, also where case does not count', () => {
    fc.assert(
      fc.property(fc.array(anyName, { minLength: 2, maxLength: 20 }), (names) => {
        const suffixes = ['', '_out', '_weights', '_weights_shift', '_to_l1_x'];
        const all = names.flatMap((name, index) =>
          suffixes.map((suffix) => `${layerIdentifier(index, name, 'relu')}${suffix}`.toLowerCase()),
        );
        expect(new Set(all).size).toBe(all.length);
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it('keeps what can be kept of a name', () => {
    expect(layerIdentifier(3, 'block1/conv.2', 'conv2d')).toBe('l3_block1_conv_2');
    expect(layerIdentifier(3, 'Größe', 'conv2d')).toBe('l3_Gro_e');
    expect(layerIdentifier(3, '卷积', 'batch-normalization')).toBe('l3_batch_normalization');
    expect(topIdentifier('main')).toBe('qfx_main');
    expect(topIdentifier('"*/')).toBe('qfx_network');
  });
});

describe('plainText', () => {
  it('holds nothing that ends a comment, continues a line, or leaves ASCII', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const text = plainText(name);
        expect(text).toMatch(/^[\x20-\x7e]+$/);
        expect(text).not.toMatch(/[*\\?"'`$|#<>{};[\]]/);
        expect(text.length).toBeLessThanOrEqual(80);
      }),
      { seed: 3, numRuns: 1000 },
    );
  });
});
