import { QfxError } from '../qfx/errors.js';
import { summarizeGraph } from '../qfx/graph/summary.js';
import type { Graph } from '../qfx/graph/graph.js';
import type { InputValues } from '../qfx/execute/network.js';
import { elementCount } from '../qfx/number/shape.js';

/** Images of a network with one input. */
export interface ImageSource {
  readonly count: number;
  /** Raw integers of the image at an index from 0; called once for each index, in ascending order. It may give the same array every time. */
  image(index: number): InputValues;
}

/** Images that are computed together. */
export interface Chunk {
  readonly first: number;
  readonly images: number;
  /** All layers are wanted, or the outputs only. */
  readonly layers: boolean;
}

/** The results of a chunk take about so many bytes at most; a chunk has at most so many images, and so much work. */
const chunkBytes = 2 ** 22;
const chunkImages = 256;
const chunkWork = 2 ** 31;

/** What one image costs, in products of a convolution; a value costs about as much as so many of them. */
const workOfValue = 50;

/** The work of one image. */
export function imageWork(graph: Graph): number {
  const values = graph.nodes.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  return summarizeGraph(graph).products + values * workOfValue;
}

/** Splits images into chunks of about the same work; the layers of the first `layersFor` images are wanted. */
export function planChunks(graph: Graph, images: number, layersFor: number): Chunk[] {
  const work = imageWork(graph);
  const sizes = new Map(graph.nodes.map(({ name, shape }) => [name, elementCount(shape)]));
  const valuesOf = (names: Iterable<string>) => [...names].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
  const most = (values: number) => {
    const byBytes = chunkBytes / (values * Float64Array.BYTES_PER_ELEMENT);
    return Math.max(1, Math.floor(Math.min(byBytes, chunkImages, chunkWork / work)));
  };
  const chunks: Chunk[] = [];
  const split = (from: number, end: number, layers: boolean) => {
    const size = most(valuesOf(layers ? sizes.keys() : graph.outputs));
    for (let first = from; first < end; first += size) {
      chunks.push({ first, images: Math.min(size, end - first), layers });
    }
  };
  const withLayers = Math.min(layersFor, images);
  split(0, withLayers, true);
  split(withLayers, images, false);
  return chunks;
}

/**
 * The values of a chunk's images, one image after the other, in an array of the kind that the images have.
 * @param valuesPerImage values that an image has to have
 */
export function readChunk(source: ImageSource, { first, images }: Chunk, valuesPerImage: number): InputValues {
  let values: Uint8Array | Float64Array | (number | bigint)[] = [];
  for (let index = 0; index < images; index++) {
    const image = source.image(first + index);
    if (image.length !== valuesPerImage)
      throw new QfxError(`image ${first + index}`, `${image.length} values, the network's input has ${valuesPerImage}`);
    if (index === 0 && image instanceof Uint8Array) values = new Uint8Array(images * valuesPerImage);
    if (index === 0 && image instanceof Float64Array) values = new Float64Array(images * valuesPerImage);
    // Copied before the source is asked for the next one: it may fill the same array again.
    const start = index * valuesPerImage;
    if (values instanceof Uint8Array && image instanceof Uint8Array) values.set(image, start);
    else if (values instanceof Float64Array && image instanceof Float64Array) values.set(image, start);
    else {
      if (!Array.isArray(values)) values = Array.from<number | bigint>(values.subarray(0, start));
      for (let position = 0; position < valuesPerImage; position++) values.push(image[position]);
    }
  }
  return values;
}
