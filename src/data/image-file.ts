import { convertIndexedToRgb, decode as decodePng } from 'fast-png';
import { decode as decodeJpeg } from 'jpeg-js';
import { QfxError } from '../qfx/errors.js';

/** An image of bytes: height x width x channels, row-major, channels last. */
export interface DecodedImage {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly bytes: Uint8Array;
}

/** The image formats that can be read, by the ends of their files' names. */
export const imageExtensions = ['.png', '.jpg', '.jpeg'];

/**
 * The image of a PNG or JPEG file with so many channels: grey ones are repeated for 3; for 1, colours become
 * (299 R + 587 G + 114 B) / 1000, rounded.
 * @param path for messages
 * @throws QfxError for a file that is neither, that is damaged, transparent, or stored turned
 */
export function decodeImage(path: string, file: Uint8Array, channels: 1 | 3): DecodedImage {
  const isPng = file[0] === 0x89 && file[1] === 0x50;
  const isJpeg = file[0] === 0xff && file[1] === 0xd8;
  if (!isPng && !isJpeg) throw new QfxError(path, 'is neither a PNG nor a JPEG file');
  const image = isPng ? readPng(path, file) : readJpeg(path, file);
  return { ...image, channels, bytes: withChannels(image, channels) };
}

function readPng(path: string, file: Uint8Array): DecodedImage {
  const png = damagedUnless(path, () => {
    const decoded = decodePng(file, { checkCrc: true });
    if (!decoded.palette) return { ...decoded, data: toBytes(decoded) };
    return { ...decoded, channels: decoded.palette[0].length, data: convertIndexedToRgb(decoded) };
  });
  const { width, height, channels, transparency } = png;
  const bytes = png.data;
  const hasAlpha = channels === 2 || channels === 4;
  if (transparency !== undefined || (hasAlpha && isTransparent(bytes, channels)))
    throw new QfxError(path, 'has transparent pixels; an image without is needed, so put it on a background');
  return { width, height, channels, bytes };
}

/** Samples of 1, 2, 4 or 16 bits as bytes: the whole range becomes 0 to 255. */
function toBytes({ width, height, channels, depth, data }: ReturnType<typeof decodePng>): Uint8Array {
  if (depth === 8) return Uint8Array.from(data);
  if (depth === 16) return Uint8Array.from(data, (value) => Math.round(value / 257));
  const rowLength = Math.ceil((width * channels * depth) / 8);
  const largest = 2 ** depth - 1;
  return Uint8Array.from({ length: height * width * channels }, (_, index) => {
    const position = (index % (width * channels)) * depth;
    const byte = data[Math.floor(index / (width * channels)) * rowLength + (position >> 3)];
    return (((byte >> (8 - depth - (position & 7))) & largest) * 255) / largest;
  });
}

function isTransparent(bytes: Uint8Array, channels: number): boolean {
  for (let index = channels - 1; index < bytes.length; index += channels) if (bytes[index] !== 255) return true;
  return false;
}

function readJpeg(path: string, file: Uint8Array): DecodedImage {
  const orientation = damagedUnless(path, () => exifOrientation(file));
  if (orientation !== 1)
    throw new QfxError(path, `is stored turned or mirrored (EXIF orientation ${orientation}); save it upright`);
  const { width, height, data } = damagedUnless(path, () =>
    decodeJpeg(file, { useTArray: true, formatAsRGBA: false, tolerantDecoding: false }),
  );
  return { width, height, channels: 3, bytes: data };
}

/** The orientation that a camera wrote beside the image; 1, upright, where it says nothing. */
function exifOrientation(file: Uint8Array): number {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let start = 2;
  while (start + 4 <= file.length && file[start] === 0xff && file[start + 1] !== 0xda) {
    const length = view.getUint16(start + 2);
    const isExif = file[start + 1] === 0xe1 && length >= 16 && view.getUint32(start + 4) === 0x45786966;
    if (isExif)
      return orientationOf(
        new DataView(file.buffer, file.byteOffset + start + 10, Math.min(length - 8, file.length - start - 10)),
      );
    start += 2 + length;
  }
  return 1;
}

/** The orientation in a TIFF structure. */
function orientationOf(tiff: DataView): number {
  const isLittle = tiff.getUint16(0) === 0x4949;
  const directory = tiff.getUint32(4, isLittle);
  if (directory + 2 > tiff.byteLength) return 1;
  const entries = tiff.getUint16(directory, isLittle);
  for (let entry = directory + 2, left = entries; left > 0 && entry + 12 <= tiff.byteLength; entry += 12, left--)
    if (tiff.getUint16(entry, isLittle) === 0x0112) return tiff.getUint16(entry + 8, isLittle);
  return 1;
}

function damagedUnless<Result>(path: string, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    throw new QfxError(path, `cannot be decoded: ${(cause as Error).message}`, { cause });
  }
}

function withChannels({ bytes, channels, height, width }: DecodedImage, wanted: 1 | 3): Uint8Array {
  if (channels === wanted) return bytes;
  const isGrey = channels < 3;
  const result = new Uint8Array(height * width * wanted);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const [red, green, blue] = isGrey ? [0, 0, 0] : [0, 1, 2];
    const at = (channel: number) => bytes[pixel * channels + channel];
    if (wanted === 3) result.set([at(red), at(green), at(blue)], pixel * 3);
    else result[pixel] = isGrey ? at(0) : Math.floor((299 * at(0) + 587 * at(1) + 114 * at(2) + 500) / 1000);
  }
  return result;
}
