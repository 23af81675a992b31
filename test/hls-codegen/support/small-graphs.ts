import { buildGraph } from '../../../src/qfx/index.js';
import type { Graph, GraphSpecification, IntegerTensor, TensorType } from '../../../src/qfx/index.js';

export function type(signed: boolean, wordLength: number, binaryPoint: number): TensorType {
  return { signed, wordLength, binaryPoint, rounding: 'AP_RND', overflow: 'AP_SAT' };
}

export function tensor(
  shape: readonly number[],
  raw: readonly number[],
  format: Partial<IntegerTensor['format']> = {},
): IntegerTensor {
  return { shape, format: { signed: true, wordLength: 6, binaryPoint: 4, ...format }, raw: Float64Array.from(raw) };
}

/** An image of 3 x 4 pixels, a convolution with bias, a clipped rectifier, a dense layer. */
export const smallNetwork: GraphSpecification = {
  name: 'small',
  nodes: [
    { name: 'image', operation: 'input', inputs: [], attributes: { shape: [3, 4, 1] }, outputType: type(false, 8, 8) },
    {
      name: 'conv1',
      operation: 'conv2d',
      inputs: ['image'],
      attributes: { strides: [1, 1], dilations: [1, 1], padding: [0, 0, 0, 0], groups: 1 },
      constants: { weights: 'conv1/kernel', bias: 'conv1/bias' },
      outputType: type(true, 8, 4),
    },
    {
      name: 'relu1',
      operation: 'relu',
      inputs: ['conv1'],
      attributes: { maximum: { raw: '6', binaryPoint: 0 } },
      outputType: type(false, 5, 2),
    },
    { name: 'flat', operation: 'flatten', inputs: ['relu1'], outputType: 'exact' },
    {
      name: 'classes',
      operation: 'dense',
      inputs: ['flat'],
      constants: { weights: 'classes/kernel' },
      outputType: 'exact',
    },
  ],
  outputs: ['classes'],
  tensors: {
    'conv1/kernel': tensor([2, 2, 1, 2], [1, -2, 3, -4, 5, -6, 7, -8]),
    'conv1/bias': tensor([2], [31, -32]),
    'classes/kernel': tensor(
      [12, 2],
      Array.from({ length: 24 }, (_, index) => ((index * 5) % 64) - 32),
    ),
  },
};

export function smallGraph(): Graph {
  return buildGraph(smallNetwork);
}

/** The small network with other names for its nodes, in order, and for itself. */
export function renamed(graphName: string, names: readonly string[]): Graph {
  const old = smallNetwork.nodes.map(({ name }) => name);
  const rename = (name: string) => names[old.indexOf(name)];
  return buildGraph({
    ...smallNetwork,
    name: graphName,
    nodes: smallNetwork.nodes.map((node) => ({ ...node, name: rename(node.name), inputs: node.inputs.map(rename) })),
    outputs: smallNetwork.outputs.map(rename),
  });
}

/** One layer. */
export const tinyGraph = buildGraph({
  name: 'tiny',
  nodes: [
    { name: 'image', operation: 'input', inputs: [], attributes: { shape: [4] }, outputType: type(true, 8, 4) },
    { name: 'cast', operation: 'requantize', inputs: ['image'], outputType: type(true, 4, 1) },
  ],
  outputs: ['cast'],
});
