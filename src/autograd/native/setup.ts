import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { x as unpack } from 'tar';
import { makeFolders } from '../../make-folders.js';
import { QfxError } from '../../qfx/errors.js';
import { checkBinding } from './check.js';
import {
  bindingSources,
  compilerFlags,
  linkFlags,
  locateInstallation,
  operationSources,
  packageFolder,
  packages,
  supportedPlatform,
  tensorflow,
  tfjsStandIn,
  thisPlatform,
} from './installation.js';
import type { Installation, PinnedPackage } from './installation.js';

/** What a set-up is doing. */
export type SetupStage = 'download' | 'unpack' | 'compile' | 'check';

interface SetupOptions {
  /** In place of the folder in the user's cache folder. */
  readonly folder?: string;
  readonly signal?: AbortSignal;
  /** Hears the beginning of each stage. */
  readonly onProgress?: (stage: SetupStage) => void;
  /** The machine; for tests. */
  readonly platform?: string;
}

/** What a set-up found or made. */
interface SetupResult {
  readonly installation: Installation;
  /** False when everything was there already. */
  readonly changed: boolean;
  readonly seconds: number;
}

const where = 'tfjs-node';
/** Milliseconds: so often a process touches its unfinished work; what nobody touched for so long was left by one that was killed. */
const touchEvery = 60e3;
const abandonedAfter = 3600e3;

/**
 * Makes the native backend of TensorFlow.js work: takes TensorFlow's library out of its Python wheel, compiles the binding and
 * QFX's operations, and checks that they compute. What is there and works is not made again, what is damaged is; nothing is
 * visible before it is complete.
 * @throws QfxError for another platform, a missing tool, a download with another checksum, a failed compile; the signal's
 * reason when aborted
 */
export async function setUpTfjsNode(options: SetupOptions = {}): Promise<SetupResult> {
  const started = performance.now();
  const { signal, onProgress, platform = thisPlatform() } = options;
  if (platform !== supportedPlatform)
    throw new QfxError(
      where,
      `is for ${supportedPlatform} with glibc only, this is ${platform}. The wasm backend runs everywhere.`,
    );
  const installation = locateInstallation(options.folder);
  await makeFolders(installation.folder);
  await removeAbandoned(installation.folder);
  const changed = await withWorkFolder(installation.folder, async (work) => {
    const session: Session = { installation, work, signal, onProgress };
    const hasLibrary = await isLibraryComplete(installation);
    let hasBuild = hasLibrary ? await isBuildWorking(session) : await exists(installation.binding);
    // Before anything is downloaded.
    if (!hasLibrary) await tryTool(session, tools.pip);
    if (!hasBuild) await tryBuildTools(session);
    if (!hasLibrary) {
      await makeLibrary(session);
      hasBuild &&= await isBuildWorking(session);
    }
    if (!hasBuild) await makeBuild(session);
    return !(hasLibrary && hasBuild);
  });
  return { installation, changed, seconds: (performance.now() - started) / 1e3 };
}

interface Session extends Pick<SetupOptions, 'signal' | 'onProgress'> {
  readonly installation: Installation;
  /** A folder for unfinished things, on the same disk. */
  readonly work: string;
}

async function makeLibrary(session: Session): Promise<void> {
  const { name, version, sha256, libraries, headers } = tensorflow;
  session.onProgress?.('download');
  const downloads = await mkdtemp(join(session.work, 'wheel-'));
  await run(session, tools.pip, [
    ...['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'],
    ...['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311'],
    ...['--platform', 'manylinux2014_x86_64', '--platform', 'manylinux_2_17_x86_64'],
    ...['--dest', downloads, `${name}==${version}`],
  ]);
  const wheel = await onlyFile(downloads, `${name} ${version}`);
  await verify(wheel, sha256, `${name} ${version}`);
  session.onProgress?.('unpack');
  const contents = join(session.work, 'library');
  // Python's own zipfile: the wheel came by Python, and nothing but these files is written.
  const program = [
    'import sys, zipfile',
    'wheel, target, *wanted = sys.argv[1:]',
    'archive = zipfile.ZipFile(wheel)',
    'archive.extractall(target, [name for name in archive.namelist() if name.startswith(tuple(wanted))])',
  ].join('\n');
  const wanted = [...libraries, ...headers].map((path) => `tensorflow/${path}`);
  await run(session, tools.python, ['-c', program, wheel, contents, ...wanted]);
  const { installation } = session;
  await place(session, join(contents, 'tensorflow'), installation.library, () => isLibraryComplete(installation));
  await rm(downloads, { recursive: true });
}

async function makeBuild(session: Session): Promise<void> {
  const { installation } = session;
  // Beside the library, which the binding finds by a path from its own folder.
  await withWorkFolder(installation.folder, async (contents) => {
    session.onProgress?.('download');
    for (const pinned of Object.values(packages)) await fetchPackage(session, pinned, packageFolder(contents, pinned));
    await shareTfjs(contents);
    session.onProgress?.('compile');
    const binding = join(contents, basename(installation.binding));
    await run(session, tools.compiler, [
      ...compilerFlags,
      ...['-isystem', join(installation.library, 'include')],
      ...['-isystem', join(packageFolder(contents, packages.nodeHeaders), 'include')],
      ...bindingSources.map((name) => join(packageFolder(contents, packages.tfjsNode), 'binding', name)),
      ...operationSources().filter((path) => path.endsWith('.cc')),
      ...linkFlags,
      ...tensorflow.libraries.map((library) => join(installation.library, library)),
      ...['-o', binding],
    ]);
    session.onProgress?.('check');
    const problem = await checkBinding(binding, session.signal);
    if (problem !== undefined)
      throw new QfxError(
        where,
        `is compiled and does not work: ${problem}. Remove ${installation.folder} and try again`,
      );
    await place(session, contents, installation.build, () => isBuildWorking(session));
  });
}

/** Whether all of the wheel's files that are kept are there, in their sizes. */
async function isLibraryComplete({ library }: Installation): Promise<boolean> {
  try {
    const names = await readdir(library, { recursive: true });
    const files = (await Promise.all(names.map((name) => stat(join(library, name))))).filter((entry) => entry.isFile());
    const { kept } = tensorflow;
    return files.length === kept.files && files.reduce((sum, { size }) => sum + size, 0) === kept.bytes;
  } catch (error) {
    // Another process may be replacing it.
    unless('ENOENT')(error);
    return false;
  }
}

async function isBuildWorking({ installation: { binding }, signal, onProgress }: Session): Promise<boolean> {
  if (!(await exists(binding))) return false;
  onProgress?.('check');
  return (await checkBinding(binding, signal)) === undefined;
}

/** Packs a package with npm, which knows the user's registry, checks it and unpacks it. */
async function fetchPackage(session: Session, pinned: PinnedPackage, folder: string): Promise<void> {
  const { name, version, sha256 } = pinned;
  const downloads = await mkdtemp(join(session.work, 'package-'));
  await run(session, tools.npm, ['pack', '--silent', '--pack-destination', downloads, `${name}@${version}`]);
  const archive = await onlyFile(downloads, `${name} ${version}`);
  await verify(archive, sha256, `${name} ${version}`);
  await mkdir(folder, { recursive: true });
  await unpack({ file: archive, cwd: folder, strip: 1, strict: true });
}

/** Puts the stand-ins of TensorFlow.js where tfjs-node finds them. */
async function shareTfjs(contents: string): Promise<void> {
  for (const name of tfjsStandIn.names) {
    const folder = join(contents, 'node_modules', name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'index.js'), tfjsStandIn.program);
  }
}

/** A program that a set-up runs, and what to do where it is missing. */
interface Tool {
  readonly command: string;
  readonly remedy: string;
}
const install = (what: string) => `install ${what} (Debian, Ubuntu: apt-get install ${what})`;
const tools = {
  python: { command: 'python3', remedy: install('python3 python3-pip') },
  pip: { command: 'python3', remedy: install('python3 python3-pip') },
  npm: { command: 'npm', remedy: 'it comes with Node' },
  compiler: { command: 'g++', remedy: install('g++') },
} as const satisfies Record<string, Tool>;

async function tryTool(session: Session, tool: Tool): Promise<void> {
  await run(session, tool, [...(tool === tools.pip ? ['-m', 'pip'] : []), '--version']);
}

async function tryBuildTools(session: Session): Promise<void> {
  for (const tool of [tools.npm, tools.compiler]) await tryTool(session, tool);
}

/** Runs a program to its end; throws QfxError that says how to get it when it is missing, or what it said when it failed. */
async function run({ signal, work }: Session, tool: Tool, parameters: readonly string[]): Promise<void> {
  const { command, remedy } = tool;
  const result = await execa(command, parameters, {
    reject: false,
    stdin: 'ignore',
    cwd: work,
    cancelSignal: signal,
    env: { TF_CPP_MIN_LOG_LEVEL: '2' },
    all: true,
  });
  signal?.throwIfAborted();
  if (!result.failed) return;
  if (result.code === 'ENOENT') throw new QfxError(where, `${command} is not on the path: ${remedy}`);
  if (tool === tools.pip && result.all.includes('No module named pip'))
    throw new QfxError(where, `${command} has no pip: ${remedy}`);
  const how = result.exitCode === undefined ? `ended by ${result.signal}` : `exit status ${result.exitCode}`;
  const lastLines = result.all.trim().split('\n').slice(-12).join('\n');
  throw new QfxError(where, `${command} ${parameters.slice(0, 3).join(' ')} ... failed (${how}):\n${lastLines}`);
}

async function verify(path: string, sha256: string, what: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const found = hash.digest('hex');
  if (found !== sha256)
    throw new QfxError(where, `the download of ${what} has SHA-256 ${found}, expected ${sha256}; it was thrown away`);
}

async function onlyFile(folder: string, what: string): Promise<string> {
  const names = await readdir(folder);
  if (names.length !== 1)
    throw new QfxError(where, `the download of ${what} brought ${names.length} files, expected one`);
  return join(folder, names[0]);
}

/**
 * Moves a finished folder to its place. Where another process was faster its work stays; something incomplete makes room.
 * @param isComplete whether what is at `target` can stay
 */
async function place(
  { work }: Session,
  finished: string,
  target: string,
  isComplete: () => Promise<boolean>,
): Promise<void> {
  while (!(await moved(finished, target))) {
    if (await isComplete()) return;
    // Moved, not removed in its place, where another process would find half of it.
    const aside = await mkdtemp(join(work, 'damaged-'));
    await rename(target, aside).catch(unless('ENOENT'));
  }
}

/** Whether a folder could be moved: false where there is one already that holds something. */
async function moved(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(
    () => true,
    (error: unknown) => {
      unless('ENOTEMPTY', 'EEXIST')(error);
      return false;
    },
  );
}

/** Throws an error on, unless it is of one of these codes. */
function unless(...codes: readonly string[]): (error: unknown) => void {
  return (error) => {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  };
}

/** Does something with a folder for unfinished work, which is removed at the end if it is still there. */
async function withWorkFolder<Result>(folder: string, body: (work: string) => Promise<Result>): Promise<Result> {
  const work = await mkdtemp(join(folder, 'work-'));
  const touch = () => utimes(work, new Date(), new Date()).catch(unless('ENOENT'));
  const touching = setInterval(() => void touch(), touchEvery);
  try {
    return await body(work);
  } finally {
    clearInterval(touching);
    await rm(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of (await readdir(folder)).filter((entry) => entry.startsWith('work-'))) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > abandonedAfter) await rm(path, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
