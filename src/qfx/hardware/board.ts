import { z } from 'zod';
import { QfxError } from '../errors.js';
import { describeIssues } from '../graph/issues.js';

const count = z.int().nonnegative();

/** A part as Vitis HLS names it. It goes into scripts, so that it must not hold anything else. */
export const partName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'a part has letters, digits, "-", "_" and "." only');

/** What a part has: look-up tables, flip-flops, DSP slices, block RAMs of 18 Kbit, UltraRAMs. */
export const resourcesSchema = z.strictObject({ lut: count, ff: count, dsp: count, bram18: count, uram: count });

/** `board.json`: what QFX knows of a board. */
const boardSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** The name that `--board` takes. */
  name: z.string().min(1),
  description: z.string(),
  /** The part as Vitis HLS names it. */
  part: partName,
  /** Target clock of designs for this board, in nanoseconds. */
  clockPeriodNs: z.number().positive(),
  resources: resourcesSchema,
});

export type Board = z.infer<typeof boardSchema>;

/**
 * Checks the content of a `board.json`.
 * @param content the parsed JSON
 * @param where names the file in messages
 * @throws QfxError that names the offending keys
 */
export function parseBoard(content: unknown, where: string): Board {
  const result = boardSchema.safeParse(content);
  if (!result.success) throw new QfxError(where, describeIssues(result.error));
  return result.data;
}
