import { z } from 'zod';
import { QfxError } from '../qfx/errors.js';

/**
 * `project.json`: what tools need to know of an emitted project. Written by the export, read by the simulation.
 * All paths are relative to the project's folder, with forward slashes.
 */

const count = z.int().positive();
const path = z.string().min(1);

const formatSchema = z.strictObject({
  signed: z.boolean(),
  wordLength: z.int().min(0).max(64),
  binaryPoint: z.int(),
});

/** A node of the graph, as the project builds it. */
const layerSchema = z.strictObject({
  /** Position in `layers` and in the graph's nodes; the index that QFX_TAP reports. */
  index: z.int().min(0),
  /** The exact name of the graph's node. */
  name: z.string().min(1),
  /** Prefix of everything of this layer in the C++ sources. */
  identifier: z.string().regex(/^l[0-9]+_[A-Za-z0-9_]+$/),
  operation: z.string().min(1),
  /** Indices of the layers that it reads. */
  inputs: z.array(z.int().min(0)),
  /** Shape of its output without the batch, channels last. */
  shape: z.array(count),
  /** Values of one image, the product of the shape. */
  valuesPerImage: count,
  /** Values in one word of its output stream. */
  lanes: count,
  /** Format of its output values: the reported raw integers stand at this binary point. */
  format: formatSchema,
});

/** One AXI4-Stream of the top function. */
const portSchema = z.strictObject({
  /** The name of the top function's argument. */
  port: z.string().regex(/^[A-Za-z][A-Za-z0-9_]*$/),
  /** The layer whose values it carries. */
  layer: z.int().min(0),
  /** Values in one word, the first one in the lowest bits; TDATA has lanes * slotBits bits. */
  lanes: count,
  /** Bits that one value occupies, 8, 16, 32 or 64. Unused high bits repeat the sign (signed) or are 0. */
  slotBits: z.int().positive().multipleOf(8),
  /** Words of one image; the last one carries TLAST. */
  wordsPerImage: count,
});

export const projectDescriptionSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** The QFX version that wrote the project. */
  qfx: z.string(),
  /** The network's name. */
  name: z.string(),
  /** The top function. */
  top: z.string().regex(/^qfx_[A-Za-z0-9_]+$/),
  part: z.string(),
  clockPeriodNs: z.number().positive(),
  layers: z.array(layerSchema).min(1),
  input: portSchema,
  outputs: z.array(portSchema).min(1),
  vectors: z.strictObject({
    /** Number of stored test images. */
    count,
    /** Seed of the generated images. */
    seed: z.int().min(0),
    folder: path,
  }),
  files: z.strictObject({
    graph: path,
    hardware: path,
    /** The header that declares the top function and its AXI types. */
    topHeader: path,
    /** Translation units of the design. */
    sources: z.array(path).min(1),
    testbench: path,
    /** On the include path of everything: `src` and `include`. */
    includeFolders: z.array(path).min(1),
    /** Stand-ins for AMD's headers, for simulation without Vitis only. */
    simulationFolder: path,
  }),
});

export type ProjectDescription = z.infer<typeof projectDescriptionSchema>;
export type LayerDescription = ProjectDescription['layers'][number];
export type PortDescription = ProjectDescription['input'];

/** Name of the description's file in a project's folder. */
export const projectFileName = 'project.json';

/**
 * Parses the text of a `project.json`.
 * @param where names the file in messages
 * @throws QfxError that names the first offending key
 */
export function parseProjectDescription(text: string, where: string): ProjectDescription {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new QfxError(where, `not JSON (${(error as Error).message})`, { cause: error });
  }
  const result = projectDescriptionSchema.safeParse(content);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new QfxError(where, `${issue.path.map(String).join('.') || 'the document'}: ${issue.message}`);
}
