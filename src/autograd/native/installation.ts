import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import envPaths from 'env-paths';
import { packageRoot } from '../../package-root.js';
import { QfxError } from '../../qfx/errors.js';

/**
 * The native backend: TensorFlow's own library with the binding of @tensorflow/tfjs-node and QFX's operations, compiled into
 * one file. `qfx setup tfjs-node` puts it into the user's cache folder, where it outlives every `npm ci`; here is said what
 * belongs to it and where it lies.
 */

/** The machines it is for, as `thisPlatform` names them: the wheel of another platform has other libraries. */
export const supportedPlatform = 'linux-x64';

/** This machine, as Node names it; with `-musl` where the C library is not glibc, which TensorFlow needs. */
export function thisPlatform(): string {
  const name = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return name;
  const { header } = process.report.getReport() as { readonly header: { readonly glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined ? `${name}-musl` : name;
}

/** A package from npm, unpacked but not installed: nothing of it runs at set-up, and it brings no others along. */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of its archive, hexadecimal. */
  readonly sha256: string;
}

/** The library, as a Python wheel brings it. */
export const tensorflow = {
  name: 'tensorflow-cpu',
  version: '2.14.1',
  sha256: '7f9d705b4d57acc5835de9d926515a70535e3a178a89ad59f0d380503b69f705',
  libraries: ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
  /** Folders of the wheel that hold the C interface, without its first part `tensorflow/`. */
  headers: ['include/tensorflow/c/', 'include/tensorflow/core/platform/ctstring', 'include/tensorflow/tsl/'],
  /** What of the wheel is kept: all of it, or the folder is damaged. */
  kept: { files: 370, bytes: 597_779_741 },
} as const;

const libraryFolder = `tensorflow-${tensorflow.version}`;

/** Kernels in TypeScript and the binding's sources; what the kernels import; the headers of Node's C interface. */
export const packages: Readonly<Record<'tfjsNode' | 'protobuf' | 'nodeHeaders', PinnedPackage>> = {
  tfjsNode: {
    name: '@tensorflow/tfjs-node',
    version: '4.22.0',
    sha256: 'd38a448a705efc6e655a080f896b3af646ae39dffbfe9c90b06cb9fc3a2b9358',
  },
  protobuf: {
    name: 'google-protobuf',
    version: '3.21.4',
    sha256: '38299bb1802ce06900ea2e43650aded8393cd6a00012ed97ffc716eeab1e1091',
  },
  nodeHeaders: {
    name: 'node-api-headers',
    version: '1.9.0',
    sha256: '6cbfac49542194ae2c8f1dee5fa2dc00d66bec9cbf3b59e3a4e5f16d14eb0d19',
  },
};

/** No contraction of a * b + c: every processor must compute the same bits. */
export const compilerFlags = [
  '-std=c++17',
  '-O3',
  '-ffp-contract=off',
  '-fno-math-errno',
  '-fno-trapping-math',
  // Both keep conditions in lanes.
  '-fno-thread-jumps',
  '-fno-tree-pre',
  '-fPIC',
  '-shared',
  '-DNAPI_VERSION=8',
] as const;

/** The binding finds the library by a path from its own folder, and keeps both of its files. */
export const linkFlags = ['-Wl,--no-as-needed', `-Wl,-rpath,$ORIGIN/../${libraryFolder}`] as const;

/** Sources of the package tfjs-node, in its folder `binding`. */
export const bindingSources = ['tfjs_backend.cc', 'tfjs_binding.cc'] as const;

/** Where the parts of the native backend lie, set up or not. */
export interface Installation {
  /** Holds the other two. */
  readonly folder: string;
  /** TensorFlow's library and headers, for every version of QFX. */
  readonly library: string;
  /** Everything that depends on QFX's own sources. */
  readonly build: string;
  /** The file that is loaded into the process. */
  readonly binding: string;
}

/** Where a build keeps a package. */
export function packageFolder(build: string, { name }: PinnedPackage): string {
  return join(build, 'node_modules', name);
}

/** Under this symbol of the global object the process hands its TensorFlow.js to the kernels of tfjs-node. */
export const tfjsSymbol = 'qfx.tensorflow';

/**
 * The kernels of tfjs-node import TensorFlow.js by name and must get the very copy that QFX uses, wherever that lies: a
 * package of that name hands on what the process put under a symbol before it loads them.
 */
export const tfjsStandIn = {
  names: ['@tensorflow/tfjs', '@tensorflow/tfjs-core'],
  program: `module.exports = globalThis[Symbol.for('${tfjsSymbol}')];\n`,
} as const;

/** The C++ sources of QFX's operations. */
export function operationSources(): string[] {
  const folder = join(packageRoot(), 'native');
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
}

/** All that decides what a build is, as one text. */
export function buildRecipe(): string {
  const sources = operationSources().map((path) => [basename(path), readFileSync(path, 'utf8')]);
  return JSON.stringify({ tensorflow, packages, bindingSources, compilerFlags, linkFlags, tfjsStandIn, sources });
}

/**
 * Where the native backend of this version of QFX lies, or would lie.
 * @param folder in place of the one in the user's cache folder
 */
export function locateInstallation(folder = join(envPaths('qfx', { suffix: '' }).cache, 'tfjs-node')): Installation {
  const build = join(folder, `build-${createHash('sha256').update(buildRecipe()).digest('hex').slice(0, 16)}`);
  return { folder, library: join(folder, libraryFolder), build, binding: join(build, 'tfjs_binding.node') };
}

const threadsVariable = 'TF_NUM_INTRAOP_THREADS';

/**
 * How many threads TensorFlow will compute on: all of the machine's, or those of its own variable.
 * @throws QfxError where the variable holds something else than a whole number from 1 on
 */
export function nativeThreads(): number {
  const text = process.env[threadsVariable];
  if (text === undefined || text === '') return availableParallelism();
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw new QfxError(
      threadsVariable,
      `found ${JSON.stringify(text)}, needed: a whole number from 1 to 9999, or nothing`,
    );
  return Number(text);
}

/** The native backend, where it is set up for this version of QFX. */
export function findInstallation(): Installation | undefined {
  const installation = locateInstallation();
  const files = [...tensorflow.libraries.map((name) => join(installation.library, name)), installation.binding];
  return files.every(existsSync) ? installation : undefined;
}
