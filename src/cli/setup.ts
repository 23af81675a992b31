import type { SetupStage } from '../autograd/native/setup.js';
import { pasteable } from './command.js';
import type { Command } from './command.js';

interface Options {
  what: string;
}

const titles: Readonly<Record<SetupStage, string>> = {
  download: 'downloading',
  unpack: 'unpacking TensorFlow',
  compile: 'compiling',
  check: 'checking',
};

/** `qfx setup`: makes something work that npm alone does not bring. */
export const setup: Command<Options> = {
  command: 'setup <what>',
  describe:
    'Make the native training backend work: TensorFlow itself, about 1.7 times as fast as WebAssembly on ResNet-8',
  examples: [
    ['$0 setup tfjs-node', 'Half a minute and 0.6 GB in the cache folder; again: only checks it'],
    ['$0 train network.ts --backend node', 'Then trains on it'],
  ],
  options: (yargs) =>
    yargs.positional('what', {
      type: 'string',
      choices: ['tfjs-node'],
      demandOption: true,
      describe: 'What to set up',
    }),
  async run(_options, context) {
    const { nativeThreads } = await import('../autograd/native/installation.js');
    const threads = nativeThreads();
    const { setUpTfjsNode } = await import('../autograd/native/setup.js');
    const { installation, changed, seconds } = await setUpTfjsNode({
      signal: context.signal,
      onProgress: (stage) => context.note(`tfjs-node: ${titles[stage]}`),
    });
    const { library, build } = installation;
    return {
      document: { changed, library, build, threads, seconds },
      text: changed
        ? `tfjs-node is set up in ${installation.folder} (${seconds.toFixed(0)} s)\nNext: ${pasteable('train', 'network.ts', '--backend', 'node')}`
        : `tfjs-node is set up already, in ${installation.folder}`,
    };
  },
};
