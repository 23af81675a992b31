import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { deflateSync } from 'node:zlib';
import { encode as encodePng } from 'fast-png';
import fc from 'fast-check';
import { encode as encodeJpeg } from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { imageFolder, loadData, loaderOfSource } from '../../src/data/index.js';
import { decodeImage } from '../../src/data/image-file.js';
import { resize } from '../../src/data/resize.js';
import { loadTwice, temporaryFolder } from './folder.js';

const folder = temporaryFolder();

const png = (height: number, width: number, data: readonly number[], channels = data.length / height / width) =>
  encodePng({ height, width, channels: channels as 1, data: Uint8Array.from(data) });
const plain = (value: number) => png(2, 2, [value, value, value, value]);

/** One colour everywhere, which survives JPEG at full quality. */
function jpeg(height: number, width: number, colour: readonly [number, number, number]): Uint8Array {
  const data = Buffer.from(Array.from({ length: height * width }, () => [...colour, 255]).flat());
  return encodeJpeg({ height, width, data }, 100).data;
}

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: 0 | 3;
  readonly palette?: readonly number[];
  readonly transparency?: readonly number[];
}

/** A PNG with these bytes of rows: other depths and kinds than the encoder of the library makes. */
function rawPng(
  { width, height, depth, colour, palette, transparency }: Picture,
  bytes: readonly number[],
): Uint8Array {
  const chunk = (type: string, data: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const body = Buffer.concat([Buffer.from(type), data]);
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, checksum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour], 8);
  const rowLength = bytes.length / height;
  const rows = Array.from({ length: height }, (_, row) => [0, ...bytes.slice(row * rowLength, (row + 1) * rowLength)]);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    ...(palette ? [chunk('PLTE', Uint8Array.from(palette))] : []),
    ...(transparency ? [chunk('tRNS', Uint8Array.from(transparency))] : []),
    chunk('IDAT', deflateSync(Uint8Array.from(rows.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function crc32(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) {
    remainder ^= byte;
    for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
  }
  return ~remainder >>> 0;
}

const writeParts = async () => {
  await folder.write('train/cat/b.png', plain(1));
  await folder.write('train/cat/a.PNG', plain(2));
  await folder.write('train/dog/a.jpg', jpeg(2, 2, [7, 7, 7]));
  await folder.write('test/dog/a.png', plain(9));
};

/** The first byte of every image, with its class. */
const contents = ({ images, labels }: { images: ArrayLike<number>; labels: ArrayLike<number> }) =>
  Array.from(labels, (label, index) => [images[(index * images.length) / labels.length], label]).sort(
    (a, b) => a[0] - b[0],
  );

describe('a folder of images', () => {
  it('is read by parts and classes, again from its source, and from a URL', async () => {
    await writeParts();
    const [set, again] = await loadTwice(imageFolder(folder.path, { name: 'pets' }));
    expect([set.name, set.classes, set.shape]).toEqual(['pets', ['cat', 'dog'], [2, 2, 3]]);
    expect(contents(set.train)).toEqual([[1, 0], [2, 0], [7, 1]]); // prettier-ignore
    expect(contents(set.test)).toEqual([[9, 1]]);
    expect(again).toEqual(set);
    expect((await loadData(imageFolder(pathToFileURL(folder.path), { name: 'pets' }))).train).toEqual(set.train);
  });

  it('lies elsewhere where that is said, with the classes that a source has', async () => {
    await writeParts();
    const { source } = await loadData(imageFolder(folder.path));
    await folder.write('elsewhere/train/cat/a.png', plain(3));
    await folder.write('elsewhere/test/bird/a.png', plain(4));
    const moved = loadData(loaderOfSource(source, 'source'), { folder: join(folder.path, 'elsewhere') });
    await expect(moved).rejects.toThrow(/elsewhere\/test\/bird\/a\.png: class "bird" is none of the classes cat, dog/);
  });

  it('is split by a seed, class by class, whatever else lies there', async () => {
    for (let index = 0; index < 10; index++) {
      await folder.write(`a/${index}.png`, plain(index));
      await folder.write(`b/${index}.png`, plain(100 + index));
    }
    const split = { test: 0.3, seed: 5 };
    const [set, again] = await loadTwice(imageFolder(folder.path, { split }));
    expect(again).toEqual(set);
    expect([...set.test.labels].sort()).toEqual([0, 0, 0, 1, 1, 1]);
    expect([...contents(set.train), ...contents(set.test)].map(([value]) => value).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => (index < 10 ? index : 90 + index)),
    );
    const other = await loadData(imageFolder(folder.path, { split: { ...split, seed: 6 } }));
    expect(contents(other.test)).not.toEqual(contents(set.test));
    expect(other.checksum).not.toBe(set.checksum);
    // Classes are mixed, so that the last images can be set aside for validation.
    expect([...set.train.labels]).not.toEqual([...set.train.labels].sort());
    await folder.write('c/0.png', plain(50));
    await folder.write('c/1.png', plain(51));
    const more = await loadData(imageFolder(folder.path, { split }));
    expect(contents(more.test).filter(([, label]) => label < 2)).toEqual(contents(set.test));
  });

  it('is grey or coloured as wanted', async () => {
    await folder.write('train/a/0.png', png(1, 2, [255, 0, 0, 0, 0, 255]));
    await folder.write('test/a/0.png', png(1, 2, [10, 20]));
    const colours = await loadData(imageFolder(folder.path));
    expect([[...colours.train.images], [...colours.test.images]]).toEqual([
      [255, 0, 0, 0, 0, 255],
      [10, 10, 10, 20, 20, 20],
    ]);
    const grey = await loadData(imageFolder(folder.path, { channels: 1 }));
    expect([[...grey.train.images], [...grey.test.images]]).toEqual([
      [76, 29],
      [10, 20],
    ]);
  });

  it('has images of one size, or says which', async () => {
    await writeParts();
    await folder.write('test/cat/wide.png', png(2, 4, [8, 10, 20, 6, 12, 30, 40, 2]));
    await expect(loadData(imageFolder(folder.path))).rejects.toThrow(
      /test\/cat\/wide\.png: is 2 high and 4 wide, train\/.*(png|jpg|PNG) 2 and 2; all must have one size, or the option size/,
    );
    const size = { height: 1, width: 1 };
    const cropped = await loadData(imageFolder(folder.path, { size, channels: 1 }));
    expect(contents(cropped.test)).toEqual([[9, 1], [25, 0]]); // prettier-ignore
    const stretched = await loadData(imageFolder(folder.path, { size: { ...size, fit: 'stretch' }, channels: 1 }));
    expect(contents(stretched.test)).toEqual([[9, 1], [16, 0]]); // prettier-ignore
  });

  const refusals: [what: string, files: Record<string, string | Uint8Array>, message: RegExp][] = [
    ['another kind of file', { 'train/cat/x.gif': 'GIF89a' }, /train\/cat\/x\.gif: is no image that can be read.*\.png, \.jpg, \.jpeg/],
    ['another kind of content', { 'train/cat/x.png': 'GIF89a' }, /train\/cat\/x\.png: is neither a PNG nor a JPEG file/],
    ['an empty file', { 'train/cat/x.png': '' }, /train\/cat\/x\.png: is empty/],
    ['a damaged PNG', { 'train/cat/x.png': plain(3).fill(0, 45, 50) }, /train\/cat\/x\.png: cannot be decoded/],
    ['a truncated PNG', { 'train/cat/x.png': plain(3).subarray(0, 40) }, /train\/cat\/x\.png: cannot be decoded/],
    ['a truncated JPEG', { 'train/cat/x.jpg': jpeg(2, 2, [1, 2, 3]).subarray(0, 200) }, /train\/cat\/x\.jpg: cannot be decoded/],
    ['a transparent image', { 'train/cat/x.png': png(2, 2, [0, 255, 0, 255, 0, 254, 0, 255]) }, /x\.png: has transparent pixels/],
    ['an empty class', { 'train/bird/.hidden': '' }, /train\/bird: holds no images/],
    ['a folder in a class', { 'train/cat/more/x.png': plain(1) }, /train\/cat\/more: is no image that can be read/],
  ]; // prettier-ignore
  it.each(refusals)('refuses %s', async (_, files, message) => {
    await writeParts();
    for (const [file, content] of Object.entries(files)) await folder.write(file, content);
    await expect(loadData(imageFolder(folder.path))).rejects.toThrow(message);
  });

  it('refuses folders and options that do not fit', async () => {
    expect(() => imageFolder('photos', { chanels: 1 } as object)).toThrow(
      /imageFolder: unknown key "chanels", allowed: name, classes, size/,
    );
    expect(() => imageFolder('photos', { size: { height: 0, width: 3 } })).toThrow(
      /imageFolder: size\.height: found 0/,
    );
    await expect(loadData(imageFolder(join(folder.path, 'none')))).rejects.toThrow(
      /imageFolder: no such folder: .*none/,
    );
    await expect(loadData(imageFolder(folder.path))).rejects.toThrow(/holds no folders; one a class is needed/);
    await writeParts();
    await expect(loadData(imageFolder(folder.path, { split: {} }))).rejects.toThrow(
      /holds the parts train\/ and test\/; the option split/,
    );
    await expect(loadData(imageFolder(folder.path, { classes: ['dog'] }))).rejects.toThrow(
      /class "cat" is none of the classes dog/,
    );
    await rm(join(folder.path, 'test'), { recursive: true });
    await expect(loadData(imageFolder(folder.path))).rejects.toThrow(/holds train\/, but no test\//);
  });
});

describe('image files', () => {
  it('of every depth and kind of PNG become bytes', () => {
    const grey16 = encodePng({ height: 1, width: 3, channels: 1, depth: 16, data: Uint16Array.of(0, 32896, 65535) });
    expect([...decodeImage('x', grey16, 1).bytes]).toEqual([0, 128, 255]);
    const withAlpha = png(1, 2, [1, 2, 3, 255, 4, 5, 6, 255]);
    expect([...decodeImage('x', withAlpha, 3).bytes]).toEqual([1, 2, 3, 4, 5, 6]);
    // Rows start at whole bytes: 1 bit, 9 pixels; 2 bits, 5 pixels; 4 bits, 3 pixels.
    const bits1 = rawPng({ width: 9, height: 2, depth: 1, colour: 0 }, [0b10110000, 0b10000000, 0b01001111, 0]);
    expect([...decodeImage('x', bits1, 1).bytes]).toEqual(
      [1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 1, 1, 1, 0].map((bit) => bit * 255),
    );
    const bits2 = rawPng({ width: 5, height: 2, depth: 2, colour: 0 }, [0b00011011, 0b11000000, 0b11100100, 0]);
    expect([...decodeImage('x', bits2, 1).bytes]).toEqual([0, 85, 170, 255, 255, 255, 170, 85, 0, 0]);
    const bits4 = rawPng({ width: 3, height: 1, depth: 4, colour: 0 }, [0x0f, 0x50]);
    expect([...decodeImage('x', bits4, 1).bytes]).toEqual([0, 255, 85]);
    const palette = [10, 20, 30, 40, 50, 60, 70, 80, 90];
    const indexed = rawPng({ width: 3, height: 2, depth: 2, colour: 3, palette }, [0b00011000, 0b10010000]);
    const [first, second, third] = [palette.slice(0, 3), palette.slice(3, 6), palette.slice(6)];
    expect([...decodeImage('x', indexed, 3).bytes]).toEqual([first, second, third, third, second, first].flat());
  });

  it('with transparent colours in a palette, or one colour that is, are refused', () => {
    const palette = [10, 20, 30, 40, 50, 60];
    const picture = { width: 2, height: 1, depth: 8, colour: 3, palette } as const;
    expect([...decodeImage('x', rawPng({ ...picture, transparency: [255, 255] }, [1, 0]), 3).bytes]).toEqual([
      40, 50, 60, 10, 20, 30,
    ]);
    expect(() => decodeImage('x', rawPng({ ...picture, transparency: [255, 0] }, [1, 0]), 3)).toThrow(
      /x: has transparent/,
    );
    const grey = rawPng({ width: 2, height: 1, depth: 8, colour: 0, transparency: [0, 7] }, [7, 8]);
    expect(() => decodeImage('x', grey, 1)).toThrow(/x: has transparent pixels/);
  });

  it('that a camera held sideways has written are refused', () => {
    const upright = jpeg(2, 2, [9, 9, 9]);
    const exif = (orientation: number) => {
      const tiff = [
        0x49,
        0x49,
        0x2a,
        0,
        8,
        0,
        0,
        0,
        1,
        0,
        0x12,
        0x01,
        3,
        0,
        1,
        0,
        0,
        0,
        orientation,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
      ];
      const segment = [0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff];
      return Uint8Array.from([0xff, 0xd8, 0xff, 0xe1, 0, segment.length + 2, ...segment, ...upright.subarray(2)]);
    };
    expect([...decodeImage('x.jpg', exif(1), 1).bytes]).toEqual([9, 9, 9, 9]);
    expect(() => decodeImage('x.jpg', exif(6), 1)).toThrow(
      /x\.jpg: is stored turned or mirrored \(EXIF orientation 6\)/,
    );
  });
});

describe('resizing', () => {
  it('is the mean by area, and the identity for the same size', () => {
    const lengths = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(
        lengths,
        lengths,
        lengths,
        lengths,
        fc.integer({ min: 0, max: 255 }),
        (height, width, toHeight, toWidth, seed) => {
          const bytes = Uint8Array.from({ length: height * width }, (_, index) => (seed * 31 + index * 97) % 256);
          const small = resize(
            { height, width, channels: 1, bytes },
            { height: toHeight, width: toWidth, fit: 'stretch' },
          );
          // Every pixel repeated toHeight x toWidth times: the new pixels are then means of whole blocks.
          const expected = Array.from({ length: toHeight * toWidth }, (_, index) => {
            const [y, x] = [Math.floor(index / toWidth), index % toWidth];
            let sum = 0;
            for (let row = y * height; row < (y + 1) * height; row++)
              for (let column = x * width; column < (x + 1) * width; column++)
                sum += bytes[Math.floor(row / toHeight) * width + Math.floor(column / toWidth)];
            return Math.floor(sum / (height * width) + 0.5);
          });
          expect([...small.bytes]).toEqual(expected);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });
});
