import { readFile } from 'node:fs/promises';
import { saveGraph } from 'qfx';
import { createLayers, firstImages, freeze, initializeBackend, tf, train } from 'qfx/autograd';
import type { ModelContext, RunDescription } from 'qfx/autograd';
import type { DataSet } from 'qfx/data';
import resnet8 from '../examples/cifar10/resnet8.js';
import { resnet8Graph } from './resnet8-graph.js';

type ModelOf = RunDescription['model'];

/** A network that is measured, with the shape of its inputs, which are bytes. */
interface BenchNetwork {
  readonly model: ModelOf;
  readonly shape: readonly [number, number, number];
  readonly classes: number;
}

const bits = { wordLength: 8 };

/** 16-64-32-32-5, the jet classifier that peers are measured with: 4,256 multiplications. */
function dense({ layers, shape, classes }: ModelContext) {
  const q = layers({ weights: bits, bias: bits, activations: bits });
  const hidden = [64, 32, 32].flatMap((units, index) => [
    q.dense({ name: `dense${index + 1}`, units, output: 'exact' }),
    q.relu({ name: `relu${index + 1}` }),
  ]);
  return tf.sequential({
    layers: [
      q.input({ inputShape: [...shape], name: 'features', wordLength: 8, binaryPoint: 8 }),
      q.flatten({ name: 'flatten' }),
      ...hidden,
      q.dense({ name: 'classes', units: classes }),
    ],
  });
}

/** The 32x32 CNN of the C simulation: 3x3 convolutions with 16, 16, 32 and 32 channels, pooling, dense; 4.6 M multiplications. */
function cnn({ layers, shape, classes }: ModelContext) {
  const q = layers({ weights: bits, bias: bits, activations: bits });
  const convolution = (index: number, filters: number) => [
    q.conv2d({ name: `conv${index}`, filters, kernelSize: 3, padding: 'same', output: 'exact' }),
    q.relu({ name: `relu${index}` }),
  ];
  return tf.sequential({
    layers: [
      q.input({ inputShape: [...shape], name: 'pixels', wordLength: 8, binaryPoint: 8 }),
      ...convolution(1, 16),
      ...convolution(2, 16),
      q.maxPooling2d({ name: 'pool1', poolSize: 2 }),
      ...convolution(3, 32),
      q.maxPooling2d({ name: 'pool2', poolSize: 2 }),
      ...convolution(4, 32),
      q.flatten({ name: 'flatten' }),
      q.dense({ name: 'classes', units: classes }),
    ],
  });
}

/** One convolution, and hardly anything else. */
function convolution({ layers, shape, classes }: ModelContext) {
  const q = layers({ weights: bits, activations: bits });
  return tf.sequential({
    layers: [
      q.input({ inputShape: [...shape], name: 'pixels', wordLength: 8, binaryPoint: 8 }),
      q.conv2d({ name: 'conv', filters: 32, kernelSize: 3, padding: 'same', useBias: false }),
      q.globalMaxPooling2d({ name: 'pool' }),
      q.dense({ name: 'classes', units: classes }),
    ],
  });
}

const networks = {
  resnet8: { model: resnet8.model, shape: [32, 32, 3], classes: 10 },
  dense: { model: dense, shape: [1, 1, 16], classes: 5 },
  cnn: { model: cnn, shape: [32, 32, 3], classes: 10 },
  convolution: { model: convolution, shape: [32, 32, 32], classes: 10 },
} as const satisfies Record<string, BenchNetwork>;
export type NetworkName = keyof typeof networks;

const input = { wordLength: 8, binaryPoint: 8, signed: false };

/** The network, with initial weights. */
export async function buildNetwork(name: NetworkName): Promise<tf.LayersModel> {
  const { model, shape, classes } = networks[name];
  return model({ tf, layers: (defaults) => createLayers({ seed: 1, ...defaults }), shape, input, classes, seed: 1 });
}

/** Images of random bytes in the network's shape: what they show changes no time. */
export function noise(name: NetworkName, trainImages: number, testImages: number): DataSet {
  const { shape, classes } = networks[name];
  let state = 1;
  const part = (count: number) => {
    const images = new Uint8Array(count * shape[0] * shape[1] * shape[2]);
    for (let index = 0; index < images.length; index++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      images[index] = state >>> 24;
    }
    return { images, labels: Uint8Array.from({ length: count }, (_, index) => index % classes) };
  };
  const names = Array.from({ length: classes }, (_, index) => String(index));
  return { name: 'noise', classes: names, shape, train: part(trainImages), test: part(testImages), checksum: '' };
}

/** The bytes of a graph: of a network that was trained for real where there is one, else after two steps on noise. */
export async function graphOf(name: NetworkName): Promise<Uint8Array> {
  if (name === 'resnet8') return new Uint8Array(await readFile(resnet8Graph));
  await initializeBackend();
  const data = noise(name, 64, 64);
  const model = await buildNetwork(name);
  await train({ model, data, batchSize: 32, epochs: 1, freezing: { images: 64 } });
  return saveGraph(freeze(model, { name, samples: firstImages(data.test, data.shape, 64) }));
}
