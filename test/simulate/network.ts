import { buildGraph } from '../../src/qfx/graph/build.js';
import type { Graph, NodeSpecification } from '../../src/qfx/graph/graph.js';
import { makeRawArray } from '../../src/qfx/number/raw-array.js';
import type { IntegerTensor } from '../../src/qfx/number/raw-array.js';
import type { FixedPointFormat, FixedPointType } from '../../src/qfx/number/type.js';
import { makeInputs } from '../../src/hls-codegen/simulate/inputs.js';

/** Seeded random raw integers over a whole format. */
function constant(shape: readonly number[], format: FixedPointFormat, seed: number): IntegerTensor {
  const raw = makeRawArray(
    format,
    shape.reduce((product, size) => product * size, 1),
  );
  raw.set(Float64Array.from(makeInputs(format, shape, 4, seed).image(3), Number) as never);
  return { shape, format, raw };
}

const signed = (wordLength: number, binaryPoint: number): FixedPointType => ({
  signed: true,
  wordLength,
  binaryPoint,
  rounding: 'AP_RND',
  overflow: 'AP_SAT',
});
const unsigned = (wordLength: number, binaryPoint: number): FixedPointType => ({
  ...signed(wordLength, binaryPoint),
  signed: false,
});

/** A network with a convolution, batch normalization, pooling, a shortcut and a dense layer; seeded random weights. */
export function smallNetwork(outputs: readonly string[] = ['scores']): Graph {
  const [height, width, inputChannels, channels] = [8, 6, 2, 4];
  const convolution = { strides: [1, 1], dilations: [1, 1], padding: [1, 1, 1, 1], groups: 1 };
  const pooled = (height / 2) * (width / 2) * channels;
  const nodes: NodeSpecification[] = [
    {
      name: 'image',
      operation: 'input',
      inputs: [],
      attributes: { shape: [height, width, inputChannels] },
      outputType: { ...unsigned(8, 8), rounding: 'AP_TRN', overflow: 'AP_WRAP' },
    },
    {
      name: 'block 1/conv',
      operation: 'conv2d',
      inputs: ['image'],
      attributes: convolution,
      constants: { weights: 'w1', bias: 'b1' },
      outputType: signed(10, 6),
    },
    {
      name: 'norm',
      operation: 'batch-normalization',
      inputs: ['block 1/conv'],
      constants: { scale: 's1', offset: 'o1' },
      outputType: signed(9, 5),
    },
    { name: 'relu', operation: 'relu', inputs: ['norm'], outputType: unsigned(6, 4) },
    {
      name: 'pool',
      operation: 'max-pooling2d',
      inputs: ['relu'],
      attributes: { poolSize: [2, 2], strides: [2, 2], padding: [0, 0, 0, 0] },
      outputType: 'exact',
    },
    {
      name: 'conv 2',
      operation: 'conv2d',
      inputs: ['pool'],
      attributes: convolution,
      constants: { weights: 'w2' },
      outputType: signed(8, 4),
    },
    { name: 'shortcut', operation: 'add', inputs: ['pool', 'conv 2'], outputType: signed(8, 3) },
    { name: 'flat', operation: 'flatten', inputs: ['shortcut'], outputType: 'exact' },
    {
      name: 'scores',
      operation: 'dense',
      inputs: ['flat'],
      constants: { weights: 'w3', bias: 'b3' },
      outputType: signed(12, 4),
    },
  ];
  return buildGraph({
    name: 'small network',
    nodes,
    outputs,
    tensors: {
      w1: constant([3, 3, inputChannels, channels], signed(5, 4), 1),
      b1: constant([channels], signed(6, 5), 2),
      s1: constant([channels], signed(6, 4), 3),
      o1: constant([channels], signed(6, 4), 4),
      w2: constant([3, 3, channels, channels], signed(4, 4), 5),
      w3: constant([pooled, 5], signed(6, 5), 6),
      b3: constant([5], signed(6, 5), 7),
    },
  });
}
