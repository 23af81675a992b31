import { execa } from 'execa';
import pc from 'picocolors';
import { checkBinding } from '../autograd/native/check.js';
import {
  findInstallation,
  nativeThreads,
  supportedPlatform,
  tensorflow,
  thisPlatform,
} from '../autograd/native/installation.js';
import { dataSets, loadData } from '../data/index.js';
import { findCompiler, tryNative } from '../hls-codegen/simulate/compiler.js';
import type { Command } from './command.js';

/** The variables that QFX reads, as docs/errors.md lists them. */
const variables = ['QFX_DATA', 'QFX_CXX', 'TF_NUM_INTRAOP_THREADS', 'QFX_PEERS', 'QFX_REQUIRE_ORACLES'] as const;

/** One thing that QFX can use. */
interface Finding {
  readonly name: string;
  readonly found: boolean;
  /** What was found, or why not. */
  readonly detail: string;
  readonly enables: string;
  /** How to get it; only where it is missing. */
  readonly remedy?: string;
}

/** `qfx doctor`: what is installed, what it enables, how to get the rest. */
export const doctor: Command<object> = {
  command: 'doctor',
  describe: 'Say what is installed, what it enables, and how to get the rest',
  examples: [
    ['$0 doctor', 'A table for people'],
    ['$0 doctor --json', 'The same for scripts'],
  ],
  options: (yargs) => yargs,
  async run(_options, context) {
    const findings = [
      ...(await compilers()),
      ...(await Promise.all([trainingBackend(), nativeBackend(), ...Object.keys(dataSets).map(dataSet)])),
      ...(await Promise.all(fpgaTools.map(tool))),
    ];
    const environment = Object.fromEntries(variables.map((name) => [name, process.env[name] ?? null]));
    context.signal.throwIfAborted();
    return {
      document: { node: process.version, platform: `${process.platform}-${process.arch}`, environment, findings },
      text: [`Node ${process.version} on ${process.platform}-${process.arch}`, ...findings.map(describe)].join('\n'),
    };
  },
};

function describe({ name, found, detail, enables, remedy }: Finding): string {
  // Colours are for terminals only: picocolors would also colour the logs of CI systems.
  const colors = pc.createColors(Boolean(process.stdout.isTTY) && pc.isColorSupported);
  const mark = found ? colors.green('yes') : colors.yellow('no ');
  const help = remedy === undefined ? '' : `\n      to get it: ${remedy}`;
  return `${mark} ${name}: ${detail}\n      ${enables}${help}`;
}

async function compilers(): Promise<Finding[]> {
  const native = await tryNative('g++').then((gcc) => (typeof gcc === 'string' ? tryNative('clang++') : gcc));
  const npm = await findCompiler('npm').catch((error: Error) => error.message);
  return [
    {
      name: 'C++ compiler',
      found: typeof native !== 'string',
      detail: typeof native === 'string' ? 'neither g++ nor clang++ works' : native.version,
      enables: 'the fastest C simulation, and simulation with AMD headers',
      ...(typeof native === 'string' && { remedy: 'install g++ or clang++; until then the compiler from npm is used' }),
    },
    {
      name: 'C++ compiler from npm',
      found: typeof npm !== 'string',
      detail: typeof npm === 'string' ? npm : npm.version,
      enables: 'C simulation with nothing but npm (QFX_CXX=npm forces it)',
      ...(typeof npm === 'string' && { remedy: 'npm install @yowasp/clang' }),
    },
  ];
}

async function trainingBackend(): Promise<Finding> {
  const base = { name: 'training backend', enables: 'training, freeze' };
  try {
    const { initializeBackend } = await import('../autograd/index.js');
    await initializeBackend();
    return { ...base, found: true, detail: 'TensorFlow.js on WebAssembly' };
  } catch (error) {
    return { ...base, found: false, detail: (error as Error).message, remedy: 'npm install qfx again' };
  }
}

async function nativeBackend(): Promise<Finding> {
  const base = {
    name: 'native training backend',
    enables: 'training about 1.7 times as fast on ResNet-8 (qfx train --backend node)',
  };
  const missing = { ...base, found: false, remedy: 'qfx setup tfjs-node' };
  if (thisPlatform() !== supportedPlatform)
    return { ...base, found: false, detail: `for ${supportedPlatform} with glibc only` };
  const installation = findInstallation();
  if (installation === undefined) return { ...missing, detail: 'not set up for this version of QFX, and not needed' };
  const problem = await checkBinding(installation.binding);
  if (problem !== undefined) return { ...missing, detail: `in ${installation.folder}, but does not work: ${problem}` };
  const place = `TensorFlow ${tensorflow.version} in ${installation.folder}`;
  try {
    const threads = `${nativeThreads()} threads (TF_NUM_INTRAOP_THREADS sets another number)`;
    return { ...base, found: true, detail: `${place}, ${threads}` };
  } catch (error) {
    return {
      ...base,
      found: false,
      detail: `${place}, but ${(error as Error).message}`,
      remedy: 'unset TF_NUM_INTRAOP_THREADS',
    };
  }
}

async function dataSet(name: string): Promise<Finding> {
  const base = { name: `data set ${name}`, enables: `training and evaluation on ${name}` };
  try {
    const { train, test } = await loadData(name, { download: false });
    return { ...base, found: true, detail: `${train.labels.length} + ${test.labels.length} images` };
  } catch {
    return {
      ...base,
      found: false,
      detail: 'not on this machine',
      remedy: `set QFX_DATA to a folder that holds ${name}/, pass --data, or let qfx train download it`,
    };
  }
}

const fpgaTools = [
  { command: 'vitis_hls', args: ['-version'], enables: 'synthesis, up to release 2024.2' },
  { command: 'vitis-run', args: ['--version'], enables: 'synthesis and co-simulation, from release 2023.2 on' },
  { command: 'make', args: ['--version'], enables: 'make csim inside an exported project (qfx csim needs no make)' },
] as const;

async function tool({ command, args, enables }: (typeof fpgaTools)[number]): Promise<Finding> {
  const result = await execa(command, args, { reject: false, stdin: 'ignore', timeout: 30_000 });
  const found = !result.failed;
  return {
    name: command,
    found,
    detail: found ? result.stdout.split('\n')[0].trim() : 'not on the path',
    enables,
    ...(!found && {
      remedy: command === 'make' ? 'install GNU make' : 'install AMD Vitis and source its settings64.sh',
    }),
  };
}
