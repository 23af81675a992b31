import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';

const count = z.int().min(0);
/** Values compared, and how many of them differed. */
const countsSchema = z.tuple([count, count]);

const mismatchSchema = z.strictObject({
  kind: z.enum(['layer', 'output']),
  /** Index of the layer or of the output port. */
  stream: count,
  image: count,
  index: count,
  expected: z.string().regex(/^-?[0-9]+$/),
  actual: z.string().regex(/^-?[0-9]+$/),
});

/** The file that a testbench writes with `--report`. */
const reportSchema = z.strictObject({
  /** First image. */
  first: count,
  images: count,
  /** Images for which layers ran the hardware's loops. */
  hardwareLoops: count,
  layers: z.array(countsSchema),
  outputs: z.array(countsSchema),
  firstMismatch: mismatchSchema.optional(),
  /** Why the comparison ended early; empty when it did not. */
  problem: z.string(),
  /** The last key: without it the file is cut off. */
  complete: z.literal(true),
});

export type Report = z.infer<typeof reportSchema>;
export type ReportedMismatch = z.infer<typeof mismatchSchema>;

/**
 * Reads a report.
 * @returns undefined when there is none
 * @throws QfxError when it is cut off or is no report
 */
export async function readReport(path: string): Promise<Report | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new QfxError('C simulation', `its report is cut off (${(error as Error).message})`, { cause: error });
  }
  const result = reportSchema.safeParse(content);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new QfxError('C simulation', `its report is not understood (${issue.path.join('.')}: ${issue.message})`);
}
