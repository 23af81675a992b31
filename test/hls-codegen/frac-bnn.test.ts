import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { createLayers, freeze, initializeBackend, tf } from '../../src/autograd/index.js';
import { exportHls } from '../../src/hls-codegen/index.js';
import { findCompiler, requireOracle } from '../support/oracles.js';
import { compileAndRun, temporaryFolder } from './support/project.js';

type Tensor = tf.SymbolicTensor;

beforeAll(() => initializeBackend('wasm'));

/** A network in the manner of FracBNN, as docs/training.md shows it. */
function fracBnn(): tf.LayersModel {
  const binary = { wordLength: 2, granularity: 'channel', kHot: { terms: 1, projection: 'sign' } } as const;
  const k2 = { wordLength: 8, kHot: { terms: 2, digits: 'signed' } } as const;
  const q = createLayers({ weights: binary, scale: k2, alpha: k2, activations: { wordLength: 6 }, seed: 3 });
  const image = q.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 });
  const levels = q.depthwiseConv2d({
    name: 'levels',
    kernelSize: 1,
    depthMultiplier: 4,
    weights: { wordLength: 2, binaryPoint: 0, granularity: 'tensor' },
    bias: { wordLength: 9, binaryPoint: 8 },
    output: 'exact',
    trainable: false,
  });
  const start = tf.input({ shape: [8, 8, 1] });
  const leveled = levels.apply(image.apply(start) as Tensor) as Tensor;
  const variable = (name: string) => levels.weights.find(({ originalName }) => originalName.endsWith(name));
  variable('kernel')?.write(tf.ones([1, 1, 1, 4]));
  variable('bias')?.write(tf.tensor1d([-1 / 8, -3 / 8, -5 / 8, -7 / 8]));
  const thermometer = q.sign({ name: 'thermometer' }).apply(leveled) as Tensor;
  const convolve = (name: string, x: Tensor) => {
    const sums = q.conv2d({ name, filters: 8, kernelSize: 3, padding: 'same', useBias: false }).apply(x) as Tensor;
    return q.batchNormalization({ name: `${name}_norm`, momentum: 0.5 }).apply(sums) as Tensor;
  };
  const x = convolve('first', thermometer);
  const twoBits = q.requantize({ name: 'two_bits', output: { wordLength: 2 } }).apply(x) as Tensor;
  const sum = q.add({ name: 'shortcut' }).apply([convolve('block', twoBits), x]) as Tensor;
  const sloped = q.prelu({ name: 'slopes' }).apply(sum) as Tensor;
  const shifted = q.batchNormalization({ name: 'shift', momentum: 0.5 }).apply(sloped) as Tensor;
  const pooled = q.averagePooling2d({ name: 'pool', poolSize: 4 }).apply(shifted) as Tensor;
  const two = q.requantize({ name: 'last_bits', output: { wordLength: 2 } }).apply(pooled) as Tensor;
  const flat = q.flatten({ name: 'flat' }).apply(two) as Tensor;
  return tf.model({ inputs: start, outputs: q.dense({ name: 'classes', units: 3 }).apply(flat) as Tensor });
}

it('a network in the manner of FracBNN trains, and computes the same integers in C++ without a multiplication', async (context) => {
  const compiler = requireOracle(context, findCompiler());
  const model = fracBnn();
  model.compile({
    optimizer: tf.train.adam(0.01),
    loss: (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits),
  });
  const pixels = tf.randomUniform([66, 8, 8, 1], 0, 256, 'int32', 5).toFloat();
  // Brighter images are of later classes.
  const numbers = Array.from({ length: 66 }, (_, index) => index % 3);
  const x = pixels
    .mul(
      tf.tensor(
        numbers.map((number) => (1 + number) / 4),
        [66, 1, 1, 1],
      ),
    )
    .floor()
    .div(256);
  const labels = tf.oneHot(tf.tensor1d(numbers, 'int32'), 3).toFloat();
  const { history } = await model.fit(x, labels, { epochs: 6, batchSize: 22, verbose: 0 });
  const losses = history.loss as number[];
  expect(losses[losses.length - 1]).toBeLessThan(losses[0]);

  const graph = freeze(model, { name: 'frac-bnn', samples: x });
  const block = graph.nodes.find(({ name }) => name === 'block');
  const weights = Array.from<number | bigint, number>(graph.tensors[block?.constants.weights ?? ''].raw, Number);
  expect(new Set(weights)).toEqual(new Set([-1, 1]));
  const folder = join(await temporaryFolder(), 'project');
  await exportHls(graph, { out: folder });
  const project = await readFile(join(folder, 'project.json'), 'utf8');
  const functionOf = async (name: string) => {
    const [path] = new RegExp(`src/layers/l\\d+_${name}\\.cpp`).exec(project) ?? [''];
    return /qfx::(\w+)<l\d+_\w+_config>\(/.exec(await readFile(join(folder, path), 'utf8'))?.[1];
  };
  expect(await Promise.all(['first', 'block', 'classes'].map(functionOf))).toEqual([
    'binary_conv2d',
    'bit_plane_conv2d',
    'bit_plane_conv2d',
  ]);
  expect(await compileAndRun(folder, { compiler, defines: ['QFX_NO_MULTIPLY'] })).toContain(' 0 mismatches');
});
