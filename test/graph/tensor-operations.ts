import { buildGraph } from '../../src/qfx/index.js';
import type { Graph, TensorType } from '../../src/qfx/index.js';
import { tensor, type } from '../hls-codegen/support/small-graphs.js';

/**
 * Element-wise operations of two tensors, rectifiers with slopes, moved pixels, and a dense layer on an image: what came
 * after `everyOperation`. What it says must never change, either: it has a golden file of its own.
 */
export function tensorOperations(): Graph {
  const unary = (name: string, operation: string, input: string, outputType: TensorType | 'exact' = 'exact') => {
    return { name, operation, inputs: [input], outputType };
  };
  const binary = (operation: string, first: string, second: string, outputType: TensorType | 'exact' = 'exact') => {
    return { name: operation, operation, inputs: [first, second], outputType };
  };
  return buildGraph({
    name: 'tensor operations',
    nodes: [
      { name: 'image', operation: 'input', inputs: [], attributes: { shape: [2, 3, 4] }, outputType: type(true, 6, 3) },
      {
        ...unary('dense', 'dense', 'image', type(true, 8, 4)),
        constants: { weights: 'dense/weights', bias: 'dense/bias' },
      },
      {
        ...unary('channels', 'requantize', 'image'),
        outputType: { ...type(true, 0, 0), wordLength: { axis: 2, values: [5, 0, 4, 9] }, binaryPoint: 2 },
      },
      binary('subtract', 'dense', 'channels'),
      binary('multiply', 'subtract', 'dense', { ...type(true, 12, 5), rounding: 'AP_RND_CONV' }),
      { ...unary('prelu', 'prelu', 'multiply', type(true, 9, 3)), constants: { alpha: 'prelu/alpha' } },
      {
        ...unary('leaky', 'leaky-relu', 'channels', type(true, 8, 4)),
        attributes: { alpha: { raw: '3', binaryPoint: 4 } },
      },
      binary('maximum', 'prelu', 'leaky'),
      { ...unary('magnitude', 'relu', 'leaky', type(false, 5, 2)) },
      binary('minimum', 'magnitude', 'maximum'),
      { ...unary('padded', 'zero-padding2d', 'minimum'), attributes: { padding: [1, 0, 0, 2] } },
      { ...unary('enlarged', 'up-sampling2d', 'padded'), attributes: { size: [2, 3] } },
    ],
    outputs: ['enlarged'],
    tensors: {
      'dense/weights': tensor([4, 4], [-16, 15, 7, -3, 1, -9, 12, 0, 5, -14, -1, 8, 3, 10, -6, 2], {
        wordLength: 5,
        binaryPoint: { axis: 1, values: [4, 2, 5, 3] },
      }),
      'dense/bias': tensor([4], [31, -32, 5, -11]),
      'prelu/alpha': tensor([4], [8, -21, 0, 31], { binaryPoint: { elements: [5, 4, 7, 5] } }),
    },
    provenance: { qfx: '0.1.0' },
  });
}

/** An image that reaches into all corners of its type. */
export function tensorOperationsInputs(): Record<string, number[]> {
  return { image: Array.from({ length: 24 }, (_, index) => ((index * index * 37 + 11 * index) % 64) - 32) };
}
