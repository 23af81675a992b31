import { open, readFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from '../../make-folders.js';
import { QfxError } from '../../qfx/errors.js';
import type { BatchTensor, Network } from '../../qfx/execute/network.js';
import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import { runImages } from '../../parallel/index.js';
import type { ImagesResult } from '../../parallel/index.js';
import type { LayerDescription, ProjectDescription } from '../project-description.js';
import type { ImageSource } from './inputs.js';
import { storeRaw, storeTensor, storedBytes, toBytes } from './storage.js';
import type { StoredArray } from './storage.js';

/**
 * Test vectors: one binary file a stream of values (the inputs, each layer, each output port), and a manifest that lists
 * them. See storage.ts for the bytes. The testbench of an emitted project reads them.
 */

/** Name of the manifest, which is written last: without it the other files mean nothing. */
export const manifestFileName = 'vectors.txt';

/** Expected values of some images. */
export type ExpectedValues = Pick<ImagesResult, 'first' | 'images' | 'outputs' | 'layers'>;

/** What computes the expected values of all images, in their order: of the outputs, for the first `layersFor` also of all layers. */
export type Executor = (
  inputs: ImageSource,
  options: { readonly layersFor: number; readonly signal?: AbortSignal },
) => AsyncIterable<ExpectedValues>;

/** The integer executor, on all cores. */
export function executorOf(network: Network): Executor {
  return (inputs, options) => runImages(network, inputs, options);
}

/** The parts of a project that its vectors depend on. */
export type VectorProject = Pick<ProjectDescription, 'layers' | 'input' | 'outputs'>;

export interface VectorOptions {
  /** Expected values of every layer are written for this many images from the first on; of the outputs, for all. Default: all. */
  readonly layersFor?: number;
  /** Called after every image. */
  readonly onImage?: (done: number) => void;
  readonly signal?: AbortSignal;
}

const kinds = ['input', 'layer', 'output'] as const;

/** A file of values, as the manifest lists it. */
export interface ListedFile {
  readonly kind: (typeof kinds)[number];
  /** Position in `layers` for kind layer, in `outputs` for output, 0 for the input. */
  readonly index: number;
  readonly images: number;
  readonly name: string;
}

interface VectorFile extends ListedFile {
  readonly layer: LayerDescription;
}

function listFiles(project: VectorProject, images: number, layersFor: number): VectorFile[] {
  const layers = layersFor > 0 ? project.layers : [];
  return [
    { kind: 'input', index: 0, layer: project.layers[project.input.layer], images, name: 'input.bin' },
    ...layers.map((layer): VectorFile => {
      return { kind: 'layer', index: layer.index, layer, images: layersFor, name: `layer-${layer.identifier}.bin` };
    }),
    ...project.outputs.map((port, index): VectorFile => {
      return { kind: 'output', index, layer: project.layers[port.layer], images, name: `output-${port.port}.bin` };
    }),
  ];
}

/**
 * The manifest: a first line with the version, the number of images, one line a file, and a last line that shows it is
 * whole. `<kind> <index> <images> <values per image> <bytes per value> <signed|unsigned> <file>`.
 */
function manifestText(files: readonly VectorFile[], images: number): string {
  const lines = files.map(({ kind, index, layer, images, name }) =>
    [
      kind,
      index,
      images,
      layer.valuesPerImage,
      storedBytes(layer.format),
      layer.format.signed ? 'signed' : 'unsigned',
      name,
    ].join(' '),
  );
  return ['qfx-vectors 1', `images ${images}`, ...lines, 'end', ''].join('\n');
}

type Sink = (file: VectorFile, values: readonly StoredArray[]) => Promise<void>;

/** Runs the executor over all images and hands every file's values of some images at a time to the sink. */
async function produce(
  files: readonly VectorFile[],
  executor: Executor,
  inputs: ImageSource,
  options: VectorOptions,
  sink: Sink,
): Promise<void> {
  const kept = new Map<number, ArrayLike<number | bigint>>();
  const source: ImageSource = {
    count: inputs.count,
    image(index) {
      const raw = inputs.image(index);
      kept.set(index, Array.from(raw)); // the source may fill the same array again
      return raw;
    },
  };
  const layersFor = Math.max(0, ...files.filter(({ kind }) => kind === 'layer').map(({ images }) => images));
  for await (const part of executor(source, { layersFor, signal: options.signal })) {
    const images = Array.from({ length: part.images }, (_, index) => part.first + index);
    for (const file of files) {
      const own = images.filter((image) => image < file.images);
      if (own.length > 0)
        await sink(
          file,
          own.map((image) => valuesOf(file, image, part, kept.get(image))),
        );
    }
    for (const image of images) {
      kept.delete(image);
      options.onImage?.(image + 1);
    }
    options.signal?.throwIfAborted();
  }
}

/** An image's values in a file. */
function valuesOf(
  { kind, layer }: VectorFile,
  image: number,
  part: ExpectedValues,
  input: ArrayLike<number | bigint> = [],
): StoredArray {
  const where = `image ${image}, layer "${layer.name}"`;
  const stored =
    kind === 'input'
      ? storeRaw(input, layer.format, where)
      : storeTensor(
          imageOf((kind === 'layer' ? part.layers : part.outputs)[layer.name], image - part.first, part.images),
          layer.format,
          where,
        );
  if (stored.length === layer.valuesPerImage) return stored;
  throw new QfxError(where, `${stored.length} values, the project has ${layer.valuesPerImage}`);
}

/** One of so many images. */
function imageOf({ shape, format, raw }: BatchTensor, index: number, images: number): IntegerTensor {
  const count = raw.length / images;
  return { shape, format, raw: raw.subarray(index * count, (index + 1) * count) };
}

/**
 * Writes the vectors of all images into a folder (made when missing), some images at a time: memory does not grow with
 * their number. The same graph and images give the same bytes.
 * @throws QfxError when the project and the executor do not fit together, or the folder can't be written (disk full)
 */
export async function writeVectors(
  project: VectorProject,
  executor: Executor,
  inputs: ImageSource,
  folder: string,
  options: VectorOptions = {},
): Promise<void> {
  const files = listFiles(project, inputs.count, Math.min(options.layersFor ?? inputs.count, inputs.count));
  const handles = new Map<VectorFile, FileHandle>();
  try {
    await makeFolders(folder);
    for (const file of files) handles.set(file, await open(join(folder, file.name), 'w'));
    await produce(files, executor, inputs, options, async (file, values) => {
      await handles.get(file)!.appendFile(Buffer.concat(values.map(toBytes)));
    });
    const manifest = await open(join(folder, manifestFileName), 'w');
    handles.set({ ...files[0], name: manifestFileName }, manifest);
    await manifest.appendFile(manifestText(files, inputs.count));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new QfxError(folder, `cannot write test vectors (${error.message})`, { cause: error });
  } finally {
    await Promise.all([...handles.values()].map((handle) => handle.close()));
  }
}

/** The same files in memory, for the few images that a project stores: file name to contents. */
export async function encodeVectors(
  project: VectorProject,
  executor: Executor,
  inputs: ImageSource,
): Promise<Map<string, Uint8Array | string>> {
  const files = listFiles(project, inputs.count, inputs.count);
  const parts = new Map(files.map((file) => [file, [] as Uint8Array[]]));
  await produce(files, executor, inputs, {}, async (file, values) => {
    parts.get(file)!.push(...values.map(toBytes));
  });
  const contents = new Map<string, Uint8Array | string>();
  for (const [file, chunks] of parts) contents.set(file.name, Buffer.concat(chunks));
  return contents.set(manifestFileName, manifestText(files, inputs.count));
}

/** What a folder's manifest says. */
export interface VectorManifest {
  readonly images: number;
  readonly files: readonly ListedFile[];
}

/**
 * Reads the manifest of a folder of vectors.
 * @throws QfxError when there is none, or it is cut off
 */
export async function readManifest(folder: string): Promise<VectorManifest> {
  const path = join(folder, manifestFileName);
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new QfxError(path, `no test vectors (${error.message})`, { cause: error });
  });
  const [version, images, ...lines] = text.split('\n');
  const count = Number(/^images ([1-9][0-9]*)$/.exec(images)?.[1]);
  if (version !== 'qfx-vectors 1' || !count) throw new QfxError(path, 'not a list of test vectors');
  const end = lines.indexOf('end');
  if (end < 0) throw new QfxError(path, 'cut off: its last line is not "end"');
  const files = lines.slice(0, end).map((line): ListedFile => {
    const [kind, index, images, , , , name] = line.split(' ');
    const known = kinds.find((candidate) => candidate === kind);
    if (!known || !name) throw new QfxError(path, `not understood: ${line}`);
    return { kind: known, index: Number(index), images: Number(images), name };
  });
  return { images: count, files };
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
