import { ESLint } from 'eslint';
import { expect, it } from 'vitest';

const linter = new ESLint();

async function refusals(file: string, module: string): Promise<number> {
  const [{ messages }] = await linter.lintText(`import '${module}';\n`, { filePath: file });
  return messages.filter(({ ruleId }) => ruleId === 'no-restricted-imports').length;
}

/** A file of a room, what it may import, and what it may not. */
const walls: readonly (readonly [file: string, allowed: readonly string[], forbidden: readonly string[]])[] = [
  [
    'src/qfx/graph/any.ts',
    ['../number/type.js', 'zod'],
    [
      'node:fs',
      '@tensorflow/tfjs',
      '../../autograd/index.js',
      '../../hls-codegen/index.js',
      '../../data/index.js',
      '../../parallel/index.js',
      '../../threads/thread.js',
      '../../cli/main.js',
      '../../package-root.js',
      '../../make-folders.js',
      '../../write-whole-folder.js',
      '../../parse-configuration.js',
    ],
  ],
  [
    'src/threads/any.ts',
    ['node:worker_threads', '../qfx/errors.js'],
    [
      '@tensorflow/tfjs',
      '../qfx/index.js',
      '../qfx/graph/graph.js',
      '../autograd/index.js',
      '../hls-codegen/index.js',
      '../data/index.js',
      '../parallel/index.js',
      '../cli/main.js',
    ],
  ],
  [
    'src/parallel/any.ts',
    ['../qfx/graph/graph.js', '../threads/thread.js'],
    ['@tensorflow/tfjs', '../autograd/index.js', '../hls-codegen/index.js', '../data/index.js', '../cli/main.js'],
  ],
  [
    'src/hls-codegen/simulate/any.ts',
    ['../../qfx/graph/graph.js', '../../parallel/run-images.js', '../../package-root.js'],
    ['@tensorflow/tfjs', '../../autograd/index.js', '../../threads/thread.js', '../../cli/main.js'],
  ],
  [
    'src/data/any.ts',
    ['node:fs', '../qfx/errors.js'],
    [
      '@tensorflow/tfjs',
      '../autograd/index.js',
      '../hls-codegen/index.js',
      '../parallel/index.js',
      '../threads/thread.js',
      '../cli/main.js',
    ],
  ],
  ['src/cli/any.ts', ['../autograd/index.js', '../hls-codegen/index.js'], ['@tensorflow/tfjs']],
  [
    'src/autograd/layers/any.ts',
    ['../tensorflow.js', '../../qfx/index.js', '../../data/index.js', '../../threads/thread.js'],
    ['@tensorflow/tfjs', '../../hls-codegen/index.js', '../../parallel/index.js', '../../cli/main.js'],
  ],
  [
    'src/autograd/tensorflow.ts',
    ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-wasm'],
    ['../hls-codegen/index.js', '../parallel/index.js', '../cli/main.js'],
  ],
];

it.each(walls.flatMap(([file, allowed]) => allowed.map((module) => [file, module])))(
  '%s may import %s',
  async (file, module) => expect(await refusals(file, module)).toBe(0),
);

it.each(walls.flatMap(([file, , forbidden]) => forbidden.map((module) => [file, module])))(
  '%s may not import %s',
  async (file, module) => expect(await refusals(file, module)).toBe(1),
);
