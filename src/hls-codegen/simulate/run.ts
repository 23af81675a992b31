import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { QfxError } from '../../qfx/errors.js';
import { moduleArguments } from './child.js';
import type { Compiler } from './compiler.js';
import { runPool } from './pool.js';
import { runProcess } from './process.js';
import type { ProcessResult } from './process.js';
import { readReport } from './report.js';
import type { Report } from './report.js';

/** Fewer images than this are not worth a process of their own. */
const fewestImages = 16;

export interface RunInput {
  readonly compiler: Compiler;
  /** What `build` returned. */
  readonly program: string;
  /** Folder of the test vectors. */
  readonly vectors: string;
  readonly images: number;
  /** So many first images of each process run the hardware's loops. */
  readonly hardwareLoops: number | 'all';
  /** Folder for results; one folder in it for each part. */
  readonly results: string;
}

export interface RunOptions {
  /** Called with the number of simulated images. */
  readonly onImages?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** A range of images that one process simulated one after another. */
export interface RunPart {
  readonly report: Report;
  /** The folder with the raw outputs: one file a port, `<port>.bin`. */
  readonly outputs: string;
}

/**
 * Simulates all images, split over processes, and returns what each found, in the order of the images.
 * @throws QfxError when a simulation does not end as it should: never for a mismatch
 */
export async function run(input: RunInput, { onImages, signal }: RunOptions = {}): Promise<RunPart[]> {
  const count = Math.max(1, Math.min(availableParallelism(), Math.floor(input.images / fewestImages)));
  const done = new Array<number>(count).fill(0);
  const tasks = done.map((_, part) => (signal: AbortSignal) => {
    const first = Math.floor((input.images * part) / count);
    const images = Math.floor((input.images * (part + 1)) / count) - first;
    return runPart(input, part, first, images, signal, (images) => {
      done[part] = images;
      onImages?.(done.reduce((sum, value) => sum + value));
    });
  });
  return runPool(tasks, count, signal);
}

async function runPart(
  { compiler, program, vectors, hardwareLoops, results }: RunInput,
  part: number,
  first: number,
  images: number,
  signal: AbortSignal,
  onImages: (done: number) => void,
): Promise<RunPart> {
  const folder = join(results, `part-${part}`);
  await mkdir(folder);
  const inside = compiler.kind === 'npm' ? { vectors: '/vectors', results: '/results' } : { vectors, results: folder };
  const args = ['--vectors', inside.vectors, '--report', `${inside.results}/report.json`, '--outputs', inside.results];
  const range = ['--first', String(first), '--images', String(images), '--hardware-loops', String(hardwareLoops)];
  const onLine = (line: string) => {
    const [word, done] = line.split(' ');
    if (word === 'progress') onImages(Number(done));
  };
  const [command, ...before] =
    compiler.kind === 'npm'
      ? [
          process.execPath,
          ...moduleArguments('wasi-program'),
          program,
          JSON.stringify({ '/vectors': vectors, '/results': folder }),
        ]
      : [program];
  const result = await runProcess(command, [...before, ...args, ...range], { signal, onLine });
  const report = await readReport(join(folder, 'report.json')).catch((error: Error) => error);
  const expected = { first, images, hardwareLoops: Math.min(images, hardwareLoops === 'all' ? images : hardwareLoops) };
  return { report: checkEnd(result, report, expected), outputs: folder };
}

/** With this status a testbench says that it could not complete the comparison. */
const failureStatus = 2;

/** Exit status and report must tell the same story: neither is trusted alone. */
function checkEnd(
  result: ProcessResult,
  report: Report | Error | undefined,
  { first, images, hardwareLoops }: Pick<Report, 'first' | 'images' | 'hardwareLoops'>,
): Report {
  const { exitStatus, ending, errorText } = result;
  const fail = (message: string) => new QfxError('C simulation', message);
  const said = errorText.trim().split('\n').slice(-3).join('\n');
  if (report && 'problem' in report && report.problem) throw fail(report.problem);
  if (exitStatus === undefined) throw fail(`it crashed: ${ending}${said && `\n${said}`}`);
  if (report instanceof Error) throw exitStatus === failureStatus && said ? fail(said) : report;
  if (!report) throw fail(`it stopped with status ${exitStatus} before its end${said && `:\n${said}`}`);
  if (report.first !== first || report.images !== images) {
    throw fail(`it reports images ${report.first} to ${report.first + report.images - 1}, not those it was asked for`);
  }
  if (report.hardwareLoops !== hardwareLoops) {
    throw fail(`it reports ${report.hardwareLoops} images by the hardware's loops, not ${hardwareLoops}`);
  }
  const mismatches = [...report.layers, ...report.outputs].reduce((sum, [, differing]) => sum + differing, 0);
  if (exitStatus !== (mismatches === 0 ? 0 : 1) || mismatches > 0 !== (report.firstMismatch !== undefined)) {
    throw fail(`it reports ${mismatches} mismatches, but ends with status ${exitStatus}`);
  }
  return report;
}
