import { averageReciprocals, buildGraph, makeRawArray, rawRange, formatAt } from '../../src/qfx/index.js';
import type { FixedPointType, Graph, IntegerTensor, TensorFormat } from '../../src/qfx/index.js';

/**
 * A small graph with every operation of QFX, types per tensor, per axis and per element, without any width and beyond 53
 * bits. What it says must never change: the golden file of format version 1 is this graph.
 */
export function everyOperation(): Graph {
  return buildGraph({
    name: 'every operation',
    nodes: [
      { name: 'image', operation: 'input', inputs: [], attributes: { shape: [5, 4, 2] }, outputType: unsigned(8, 8) },
      { name: 'vector', operation: 'input', inputs: [], attributes: { shape: [3] }, outputType: perChannelInput },
      {
        name: 'conv',
        operation: 'conv2d',
        inputs: ['image'],
        attributes: { strides: [1, 1], dilations: [1, 1], padding: [1, 1, 1, 1], groups: 1 },
        constants: { weights: 'conv/weights', bias: 'conv/bias' },
        outputType: signed(10, 6),
      },
      {
        name: 'normalization',
        operation: 'batch-normalization',
        inputs: ['conv'],
        constants: { scale: 'normalization/scale', offset: 'normalization/offset' },
        outputType: { ...signed(12, 0, 'AP_RND_CONV', 'AP_SAT_SYM'), binaryPoint: { axis: 2, values: [6, 7, 5, 8] } },
      },
      { name: 'relu', operation: 'relu', inputs: ['normalization'], outputType: unsigned(6, 3, 'AP_TRN') },
      {
        name: 'depthwise',
        operation: 'conv2d',
        inputs: ['relu'],
        attributes: { strides: [1, 1], dilations: [2, 1], padding: [2, 2, 0, 1], groups: 4 },
        constants: { weights: 'depthwise/weights' },
        outputType: signed(8, 4, 'AP_RND_ZERO', 'AP_WRAP'),
      },
      { name: 'shortcut', operation: 'add', inputs: ['relu', 'depthwise'], outputType: 'exact' },
      {
        name: 'clipped',
        operation: 'relu',
        inputs: ['shortcut'],
        attributes: { maximum: { raw: '6', binaryPoint: 0 } },
        outputType: unsigned(7, 4, 'AP_RND_INF', 'AP_SAT_ZERO'),
      },
      {
        name: 'max pool',
        operation: 'max-pooling2d',
        inputs: ['clipped'],
        attributes: { poolSize: [2, 2], strides: [2, 2], padding: [0, 1, 0, 0] },
        outputType: 'exact',
      },
      {
        name: 'average pool',
        operation: 'average-pooling2d',
        inputs: ['clipped'],
        attributes: { poolSize: [3, 2], strides: [2, 2], padding: [1, 1, 0, 0], counts: [4, 6] },
        constants: { reciprocals: 'average pool/reciprocals' },
        outputType: unsigned(7, 4, 'AP_RND_MIN_INF'),
      },
      {
        name: 'join',
        operation: 'concatenate',
        inputs: ['max pool', 'average pool'],
        attributes: { axis: 2 },
        outputType: 'exact',
      },
      {
        name: 'averages',
        operation: 'global-average-pooling2d',
        inputs: ['join'],
        constants: { reciprocals: 'averages/reciprocals' },
        outputType: unsigned(8, 5),
      },
      { name: 'largest', operation: 'global-max-pooling2d', inputs: ['join'], outputType: 'exact' },
      { name: 'flat', operation: 'flatten', inputs: ['join'], outputType: 'exact' },
      { name: 'grid', operation: 'reshape', inputs: ['flat'], attributes: { shape: [6, 8] }, outputType: 'exact' },
      { name: 'best', operation: 'argmax', inputs: ['grid'], outputType: 'exact' },
      { name: 'pruned', operation: 'requantize', inputs: ['averages'], outputType: prunedType },
      {
        name: 'features',
        operation: 'concatenate',
        inputs: ['pruned', 'largest', 'vector'],
        attributes: { axis: 0 },
        outputType: 'exact',
      },
      {
        name: 'dense',
        operation: 'dense',
        inputs: ['features'],
        constants: { weights: 'dense/weights', bias: 'dense/bias' },
        outputType: signed(62, 52, 'AP_TRN_ZERO'),
      },
    ],
    outputs: ['dense', 'best'],
    tensors: {
      'conv/weights': tensor([3, 3, 2, 4], {
        signed: true,
        wordLength: 5,
        binaryPoint: { axis: 3, values: [4, 5, 3, 7] },
      }),
      'conv/bias': tensor([4], { signed: true, wordLength: 8, binaryPoint: 7 }),
      'normalization/scale': tensor([4], { signed: true, wordLength: 6, binaryPoint: { elements: [4, 3, 5, 4] } }),
      'normalization/offset': tensor([4], { signed: true, wordLength: 9, binaryPoint: 5 }),
      'depthwise/weights': tensor([3, 2, 1, 4], {
        signed: true,
        wordLength: { axis: 3, values: [4, 0, 1, 3] },
        binaryPoint: 3,
      }),
      'average pool/reciprocals': averageReciprocals([4, 6], 8),
      'averages/reciprocals': averageReciprocals([6], 10),
      'dense/weights': tensor([19, 3], { signed: true, wordLength: 20, binaryPoint: 19 }),
      'dense/bias': tensor([3], { signed: true, wordLength: 60, binaryPoint: 52 }),
    },
    provenance: { qfx: '0.1.0', seed: 7, accuracy: 0.5, data: { name: 'none', sha256: '00' }, parent: null },
  });
}

/** An image and a vector that reach into all corners of their types. */
export function everyOperationInputs(): Record<string, number[]> {
  return {
    image: Array.from({ length: 40 }, (_, index) => (index * index * 37 + 11 * index) % 256),
    vector: [-8, 100, 1],
  };
}

type Modes = [rounding?: FixedPointType['rounding'], overflow?: FixedPointType['overflow']];

function signed(
  wordLength: number,
  binaryPoint: number,
  ...[rounding = 'AP_RND', overflow = 'AP_SAT']: Modes
): FixedPointType {
  return { signed: true, wordLength, binaryPoint, rounding, overflow };
}

function unsigned(wordLength: number, binaryPoint: number, ...modes: Modes): FixedPointType {
  return { ...signed(wordLength, binaryPoint, ...modes), signed: false };
}

const perChannelInput = {
  ...signed(0, 0),
  wordLength: { axis: 0, values: [4, 9, 2] },
  binaryPoint: { elements: [3, 4, -2] },
};

/** Every other channel has no width: always 0. */
const prunedType = { ...unsigned(0, 5), wordLength: { axis: 0, values: [8, 0, 8, 0, 8, 0, 8, 0] } };

/** A tensor whose values are spread over their formats' ranges. */
function tensor(shape: readonly number[], format: TensorFormat): IntegerTensor {
  const raw = makeRawArray(
    format,
    shape.reduce((product, size) => product * size, 1),
  );
  for (let index = 0; index < raw.length; index++) {
    const { minimum, maximum } = rawRange(formatAt(format, shape, index));
    const fraction = BigInt.asUintN(64, (BigInt(index) + 1n) * 0x9e3779b97f4a7c15n);
    const value = minimum + ((fraction * (maximum - minimum + 1n)) >> 64n);
    if (raw instanceof Float64Array) raw[index] = Number(value);
    else raw[index] = value;
  }
  return { shape, format, raw };
}
