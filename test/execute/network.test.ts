import { describe, expect, it } from 'vitest';
import {
  averageReciprocals,
  buildGraph,
  loadGraph,
  Network,
  resolvePadding,
  saveGraph,
} from '../../src/qfx/index.js';
import type { FixedPointType, IntegerTensor } from '../../src/qfx/index.js';

const fixed = (wordLength: number, binaryPoint: number, signed = true): FixedPointType => ({
  signed,
  wordLength,
  binaryPoint,
  rounding: 'AP_RND',
  overflow: 'AP_SAT',
});
const tensor = (shape: number[], format: FixedPointType, raw: (index: number) => number): IntegerTensor => ({
  shape,
  format: { signed: format.signed, wordLength: format.wordLength, binaryPoint: format.binaryPoint },
  raw: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => raw(index)),
});

describe('Network', () => {
  it('runs a small network and gives every layer', () => {
    const w = fixed(4, 3);
    const graph = buildGraph({
      name: 'small',
      nodes: [
        {
          name: 'image',
          operation: 'input',
          inputs: [],
          attributes: { shape: [4, 4, 1] },
          outputType: fixed(8, 8, false),
        },
        {
          name: 'conv',
          operation: 'conv2d',
          inputs: ['image'],
          attributes: {
            strides: [1, 1],
            dilations: [1, 1],
            padding: resolvePadding('same', [4, 4], [3, 3], [1, 1]),
            groups: 1,
          },
          constants: { weights: 'conv/w', bias: 'conv/b' },
          outputType: fixed(8, 4),
        },
        { name: 'relu', operation: 'relu', inputs: ['conv'], outputType: fixed(6, 3, false) },
        { name: 'twice', operation: 'add', inputs: ['relu', 'relu'], outputType: 'exact' },
        {
          name: 'pool',
          operation: 'global-average-pooling2d',
          inputs: ['twice'],
          constants: { reciprocals: 'pool/r' },
          outputType: fixed(6, 3, false),
        },
        { name: 'dense', operation: 'dense', inputs: ['pool'], constants: { weights: 'dense/w' }, outputType: 'exact' },
        { name: 'class', operation: 'argmax', inputs: ['dense'], outputType: 'exact' },
      ],
      outputs: ['class', 'dense'],
      tensors: {
        'conv/w': tensor([3, 3, 1, 2], w, (i) => (i % 15) - 7),
        'conv/b': tensor([2], w, (i) => i),
        'pool/r': averageReciprocals([16], 8),
        'dense/w': tensor([2, 3], w, (i) => i - 2),
      },
    });
    const bytes = saveGraph(graph);
    const network = loadGraph(bytes);
    expect(network.graph).toEqual(graph);
    expect(saveGraph(network.graph)).toEqual(bytes);
    const image = Uint8Array.from({ length: 16 }, (_, i) => i * 16);
    const result = network.run(image);
    expect(Object.keys(result.layers)).toEqual(['image', 'conv', 'relu', 'twice', 'pool', 'dense', 'class']);
    expect(Object.keys(result.outputs)).toEqual(['class', 'dense']);
    expect(new Network(graph).run([...image])).toEqual(result);
  });
});
