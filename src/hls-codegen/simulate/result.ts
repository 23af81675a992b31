import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { QfxError } from '../../qfx/errors.js';
import type { FixedPointFormat } from '../../qfx/number/type.js';
import type { ProjectDescription } from '../project-description.js';
import type { ReportedMismatch } from './report.js';
import type { RunPart } from './run.js';
import { fromBytes, storedBytes } from './storage.js';
import type { StoredArray } from './storage.js';
import type { VectorManifest } from './vectors.js';

/**
 * What was compared of one layer: the values tapped inside the dataflow, and for an output those that came out, which are
 * the same ones: each counts once.
 */
export interface SimulatedLayer {
  readonly name: string;
  readonly values: number;
  readonly mismatches: number;
}

/** The first value that differs, in the order of images and of the dataflow. */
export interface Mismatch {
  /** Name of the layer. */
  readonly layer: string;
  /** True when the value came out of the network, false when it was tapped inside. */
  readonly isOutput: boolean;
  readonly image: number;
  /** Index in the layer's values of the image, row-major, channels last. */
  readonly index: number;
  readonly expected: bigint;
  readonly actual: bigint;
}

/** Raw integers of all images of an output, image after image. */
export interface SimulatedOutput {
  /** Name of the layer. */
  readonly layer: string;
  readonly format: FixedPointFormat;
  readonly valuesPerImage: number;
  /** What the C simulation computed. */
  readonly simulated: StoredArray;
  /** What the integer executor computed. */
  readonly expected: StoredArray;
}

export interface SimulationResult {
  readonly images: number;
  /** Images whose sums of products the hardware's loops computed; for the others the same sums were taken in a faster order. */
  readonly imagesByHardwareLoops: number;
  readonly valuesCompared: number;
  readonly mismatches: number;
  /** All layers of the network, in its order. */
  readonly layers: readonly SimulatedLayer[];
  readonly firstMismatch?: Mismatch;
  readonly outputs: readonly SimulatedOutput[];
  /** What the compiler says of itself. */
  readonly compiler: string;
  readonly seconds: number;
}

/** Reads what came out of the network, and what should have. */
export async function collectOutputs(
  { layers, outputs }: ProjectDescription,
  parts: readonly RunPart[],
  vectors: string,
  manifest: VectorManifest,
): Promise<SimulatedOutput[]> {
  return Promise.all(
    outputs.map(async ({ port, layer }, index): Promise<SimulatedOutput> => {
      const { name, format, valuesPerImage } = layers[layer];
      const listed = manifest.files.find(({ kind, index: position }) => kind === 'output' && position === index);
      if (!listed) throw new QfxError(vectors, `no expected values of output "${name}"`);
      const files = await Promise.all(parts.map((part) => readFile(join(part.outputs, `${port}.bin`))));
      const simulated = Buffer.concat(files);
      const expected = await readFile(join(vectors, listed.name));
      const size = manifest.images * valuesPerImage * storedBytes(format);
      if (simulated.length !== size || expected.length !== size) {
        const found = `${simulated.length} bytes came out, ${expected.length} are expected`;
        throw new QfxError(`C simulation, output "${name}"`, `${found}; ${manifest.images} images have ${size}`);
      }
      return {
        layer: name,
        format,
        valuesPerImage,
        simulated: fromBytes(simulated, format),
        expected: fromBytes(expected, format),
      };
    }),
  );
}

/** Adds up the parts of a simulation, and checks that every value that has an expected one was compared. */
export function summarize(
  project: ProjectDescription,
  parts: readonly RunPart[],
  manifest: VectorManifest,
  outputs: readonly SimulatedOutput[],
): Omit<SimulationResult, 'outputs' | 'compiler' | 'seconds'> {
  const layers = project.layers.map(({ name, valuesPerImage }, index) => {
    const listed = manifest.files.find((file) => file.kind === 'layer' && file.index === index);
    const counts = addCounts(parts.map(({ report }) => report.layers[index]));
    return checkCounts(name, counts, valuesPerImage * (listed?.images ?? 0));
  });
  for (const [index, output] of outputs.entries()) {
    const counts = addCounts(parts.map(({ report }) => report.outputs[index]));
    checkCounts(output.layer, counts, output.valuesPerImage * manifest.images);
    const differing = countDifferences(output);
    if (differing !== counts.mismatches) {
      const message = `the testbench counts ${counts.mismatches} mismatches, the values that came out have ${differing}`;
      throw new QfxError(`C simulation, output "${output.layer}"`, message);
    }
    const { layer } = project.outputs[index];
    layers[layer] = joinOutput(layers[layer], counts);
  }
  const total = layers.reduce(addLayers);
  const first = parts.find(({ report }) => report.firstMismatch)?.report.firstMismatch;
  return {
    images: manifest.images,
    imagesByHardwareLoops: parts.reduce((sum, { report }) => sum + report.hardwareLoops, 0),
    valuesCompared: total.values,
    mismatches: total.mismatches,
    layers,
    ...(first && { firstMismatch: nameMismatch(project, first) }),
  };
}

type Counts = Omit<SimulatedLayer, 'name'>;

function addCounts(counts: readonly (readonly [values: number, mismatches: number] | undefined)[]): Counts {
  return counts.reduce<Counts>(
    (sum, part) => ({ values: sum.values + (part?.[0] ?? 0), mismatches: sum.mismatches + (part?.[1] ?? 0) }),
    { values: 0, mismatches: 0 },
  );
}

function addLayers(layer: SimulatedLayer, { values, mismatches }: Counts): SimulatedLayer {
  return { name: layer.name, values: layer.values + values, mismatches: layer.mismatches + mismatches };
}

/** An output's values come out of all images; where some were tapped as well, a value that differs differs there, too. */
function joinOutput({ name, mismatches }: SimulatedLayer, output: Counts): SimulatedLayer {
  return { name, values: output.values, mismatches: Math.max(mismatches, output.mismatches) };
}

function checkCounts(name: string, counts: Counts, expected: number): SimulatedLayer {
  if (counts.values === expected) return { name, ...counts };
  throw new QfxError(`C simulation, layer "${name}"`, `${counts.values} values were compared, not ${expected}`);
}

function countDifferences({ simulated, expected }: SimulatedOutput): number {
  let differing = 0;
  for (let index = 0; index < expected.length; index++) if (simulated[index] !== expected[index]) differing++;
  return differing;
}

function nameMismatch({ layers, outputs }: ProjectDescription, mismatch: ReportedMismatch): Mismatch {
  const isOutput = mismatch.kind === 'output';
  return {
    layer: layers[isOutput ? outputs[mismatch.stream].layer : mismatch.stream].name,
    isOutput,
    image: mismatch.image,
    index: mismatch.index,
    expected: BigInt(mismatch.expected),
    actual: BigInt(mismatch.actual),
  };
}
