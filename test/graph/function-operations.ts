import { buildGraph } from '../../src/qfx/index.js';
import type { Graph } from '../../src/qfx/index.js';
import { tensor, type } from '../hls-codegen/support/small-graphs.js';

/**
 * Functions, signs and a transposed convolution: what came after `tensorOperations`. What it says must never change, either:
 * it has a golden file of its own.
 */
export function functionOperations(): Graph {
  const falling = (length: number) => Array.from({ length }, (_, index) => Math.floor(63 / (1 + index)));
  return buildGraph({
    name: 'functions',
    nodes: [
      { name: 'image', operation: 'input', inputs: [], attributes: { shape: [2, 3, 2] }, outputType: type(true, 4, 2) },
      {
        name: 'table',
        operation: 'table',
        inputs: ['image'],
        constants: { table: 'table/table' },
        outputType: type(true, 5, 3),
      },
      {
        name: 'larger',
        operation: 'conv2d-transpose',
        inputs: ['table'],
        attributes: { strides: [2, 1], size: [4, 4], cropping: [1, 0] },
        constants: { weights: 'larger/weights', bias: 'larger/bias' },
        outputType: type(true, 9, 4),
      },
      {
        name: 'shares',
        operation: 'softmax',
        inputs: ['larger'],
        constants: { exponentials: 'shares/exponentials', reciprocals: 'shares/reciprocals' },
        outputType: type(false, 7, 7),
      },
      { name: 'sign', operation: 'sign', inputs: ['larger'], outputType: 'exact' },
    ],
    outputs: ['shares', 'sign'],
    tensors: {
      'table/table': tensor(
        [16],
        Array.from({ length: 16 }, (_, index) => ((index * 7) % 16) - 8),
        { wordLength: 4, binaryPoint: 3 },
      ),
      'larger/weights': tensor(
        [3, 2, 2, 3],
        Array.from({ length: 36 }, (_, index) => ((index * 11) % 16) - 8),
        { wordLength: 4, binaryPoint: { axis: 3, values: [3, 1, 2] } },
      ),
      'larger/bias': tensor([3], [5, -6, 7]),
      'shares/exponentials': tensor([40], falling(40), { signed: false, wordLength: 6, binaryPoint: 6 }),
      'shares/reciprocals': tensor([8], falling(8), { signed: false, wordLength: 6, binaryPoint: 6 }),
    },
    provenance: { qfx: '0.1.0' },
  });
}

/** Every word of the input's type but four. */
export function functionOperationsInputs(): Record<string, number[]> {
  return { image: Array.from({ length: 12 }, (_, index) => ((index * 5) % 16) - 8) };
}
