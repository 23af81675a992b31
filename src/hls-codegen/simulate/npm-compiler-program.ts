/**
 * A program of its own: compiles and links with the clang of the npm package @yowasp/clang. Its job comes as JSON on
 * standard input; standard output carries one NpmCompilerEvent as JSON a line.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { commands, Exit, runLLVM } from '@yowasp/clang';
import type { Tree } from '@yowasp/clang';
import type { NpmCompilerEvent, NpmCompilerJob } from './build-npm.js';

function say(event: NpmCompilerEvent): void {
  writeFileSync(1, `${JSON.stringify(event)}\n`);
}

/** The files as the compiler sees them: folders are nested objects. */
function makeTree(files: Readonly<Record<string, string>>): Tree {
  const root: Tree = {};
  for (const [path, source] of Object.entries(files)) {
    const folders = path.split('/');
    const name = folders.pop()!;
    let folder = root;
    for (const part of folders) folder = (folder[part] ??= {}) as Tree;
    folder[name] = readFileSync(source);
  }
  return root;
}

/** Runs clang++; returns the bytes of `output`, or undefined after having said why not. */
async function clang(
  args: readonly string[],
  files: Tree,
  output: string,
  where: string,
): Promise<Uint8Array | undefined> {
  const decoder = new TextDecoder();
  let errorText = '';
  try {
    const tree = await commands['clang++']([...args, '-o', output], files, {
      stdout: null,
      stderr: (bytes) => {
        if (bytes) errorText += decoder.decode(bytes, { stream: true });
      },
    });
    return tree?.[output] as Uint8Array;
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    say({ event: 'failed', where, errorText });
    return undefined;
  }
}

/** The source that includes those which are compiled as one; no file of a project has this name. */
const mainName = 'all-of-them.cpp';

async function main(): Promise<boolean> {
  const job = JSON.parse(readFileSync(0, 'utf8')) as NpmCompilerJob;
  const files = makeTree(job.files);
  await runLLVM(undefined, {}, { fetchProgress: () => {} }); // loads it; by itself it would write its progress to standard output
  for (const task of job.compile) {
    const main = task.sources.map((source) => `#include "${source}"\n`).join('');
    const where = task.sources.length === 1 ? task.sources[0] : 'C simulation';
    const object = await clang([...task.arguments, '-c', mainName], { ...files, [mainName]: main }, 'output.o', where);
    if (!object) return false;
    writeFileSync(task.object, object);
    say({ event: 'compiled' });
  }
  const objects = Object.fromEntries(job.link.objects.map((path, index) => [`${index}.o`, readFileSync(path)]));
  const args = [...job.link.arguments, ...Object.keys(objects)];
  const program = await clang(args, objects, 'output.wasm', 'the simulation');
  if (program) writeFileSync(job.link.output, program);
  return program !== undefined;
}

process.exitCode = (await main()) ? 0 : 1;
