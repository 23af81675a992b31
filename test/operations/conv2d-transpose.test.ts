import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend, tf } from '../../src/autograd/tensorflow.js';
import { buildGraph, Network, resolveTransposedPadding } from '../../src/qfx/index.js';
import type { Graph, IntegerTensor, TensorFormat } from '../../src/qfx/index.js';
import { describeOperation } from './contract.js';
import type { OperationCase } from './contract.js';
import { drawFrom, inputType } from './draw.js';
import { dyadicsOf, times, zeroAt } from './dyadic.js';
import type { Dyadic } from './dyadic.js';
import { isByChannel, refusesVectors } from './image.js';
import { tracedSum } from './traced-sum.js';
import fc from 'fast-check';

const narrow = { signed: true, wordLength: 4, binaryPoint: 0 };

/** For each output value the products' operands, by letting every input pixel add to the result: value and weight. */
function termsOf({ attributes, inputs: [{ shape }], constants: { weights } }: OperationCase): [number, number][][] {
  const { strides, size, cropping } = attributes as Record<string, number[]>;
  const [height, width, inputs] = shape;
  const [kernelHeight, kernelWidth, , outputs] = weights.shape;
  const terms = Array.from({ length: size[0] * size[1] * outputs }, (): [number, number][] => []);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      for (let tapRow = 0; tapRow < kernelHeight; tapRow++) {
        for (let tapColumn = 0; tapColumn < kernelWidth; tapColumn++) {
          const y = row * strides[0] + tapRow - cropping[0];
          const x = column * strides[1] + tapColumn - cropping[1];
          if (y < 0 || y >= size[0] || x < 0 || x >= size[1]) continue;
          for (let input = 0; input < inputs; input++) {
            for (let output = 0; output < outputs; output++) {
              const value = (row * width + column) * inputs + input;
              const weight = ((tapRow * kernelWidth + tapColumn) * inputs + input) * outputs + output;
              terms[(y * size[1] + x) * outputs + output].push([value, weight]);
            }
          }
        }
      }
    }
  }
  return terms;
}

describeOperation(
  {
    operation: 'conv2d-transpose',
    paths: ['int16', 'int64', 'reference'],
    draw(draw) {
      const pair = (minimum: number, maximum: number) => [
        draw.integer(minimum, maximum),
        draw.integer(minimum, maximum),
      ];
      const [input, kernel, strides] = [pair(1, 3), pair(1, 4), pair(1, 3)];
      const [inputs, outputs] = [draw.integer(1, draw.pick([1, 2, 5])), draw.integer(1, 3)];
      const cropping = kernel.map((length) => draw.integer(0, draw.pick([0, length - 1])));
      const size = input.map((length, axis) => {
        const all = length * strides[axis] + Math.max(kernel[axis] - strides[axis], 0) - cropping[axis];
        return draw.pick([true, false]) ? all : draw.integer(1, all);
      });
      const shape = [...input, inputs];
      return {
        attributes: { strides, size, cropping },
        inputs: [{ shape, format: draw.format(shape) }],
        constants: {
          weights: draw.tensor([...kernel, inputs, outputs]),
          ...(draw.pick([true, false]) ? { bias: draw.tensor([outputs]) } : {}),
        },
      };
    },
    shape: ({ attributes, constants: { weights } }) => [...(attributes.size as number[]), weights.shape[3]],
    evaluate(use, [values], trace, only) {
      const weights = dyadicsOf(use.constants.weights);
      const bias = use.constants.bias && dyadicsOf(use.constants.bias);
      const [, , inputs, outputs] = use.constants.weights.shape;
      // Every weight counts in the binary point, also one that adds to no pixel that is left.
      values.forEach((value, index) => {
        weights.forEach((weight, at) => {
          if (index % inputs === Math.floor(at / outputs) % inputs) trace(zeroAt(times(value, weight)));
        });
      });
      const results: Dyadic[] = [];
      termsOf(use).forEach((terms, output) => {
        if (only !== undefined && only !== output) return;
        const products = terms.map(([value, weight]) => times(values[value], weights[weight]));
        results.push(tracedSum(bias ? [...products, bias[output % outputs]] : products, trace));
      });
      return results;
    },
    extremes(use) {
      if (!isByChannel(use.inputs[0])) return undefined;
      const { raw } = use.constants.weights;
      return termsOf(use).flatMap((terms, output) => {
        const weights = new Map(terms.map(([value, weight]) => [value, raw[weight]]));
        return [
          { only: output, isHigh: (_input: number, index: number) => (weights.get(index) ?? 0) > 0 },
          { only: output, isHigh: (_input: number, index: number) => (weights.get(index) ?? 0) < 0 },
        ];
      });
    },
    refusals: [
      refusesVectors,
      {
        what: 'weights for another number of channels',
        change: (use) => ({ ...use, inputs: [{ shape: [9, 9, 60], format: narrow }] }),
        message: /weights have shape .*, needed: \[kernelHeight, kernelWidth, 60, outputs\]/,
      },
      {
        what: 'a bias of another length',
        change: (use) => ({
          ...use,
          constants: { ...use.constants, bias: { shape: [99], format: narrow, raw: new Float64Array(99) } },
        }),
        message: /bias have shape \[99\]/,
      },
      {
        what: 'a size beyond what the image reaches',
        change: (use) => ({ ...use, attributes: { ...use.attributes, size: [1, 99] } }),
        message: /size has 99 columns, at most \d+ are possible/,
      },
      {
        what: 'cropping of a whole kernel',
        change: (use) => ({ ...use, attributes: { ...use.attributes, cropping: [4, 0] } }),
        message: /4 rows are cropped, the kernel has \d; needed: less/,
      },
      {
        what: 'strides that make absurdly many phases',
        change: (use) => ({ ...use, attributes: { ...use.attributes, strides: [65, 1] } }),
        message: /attributes: strides.0/,
      },
    ],
  },
  { runs: 100 },
);

describe('conv2d-transpose', () => {
  beforeAll(() => startBackend('cpu'));

  const format: TensorFormat = { signed: true, wordLength: 6, binaryPoint: 0 };

  function build(x: IntegerTensor, weights: IntegerTensor, attributes: OperationCase['attributes']): Graph {
    const outputType = inputType(format);
    return buildGraph({
      name: 'against TensorFlow',
      nodes: [
        { name: 'x', operation: 'input', inputs: [], attributes: { shape: x.shape }, outputType },
        {
          name: 'y',
          operation: 'conv2d-transpose',
          inputs: ['x'],
          attributes,
          constants: { weights: 'weights' },
          outputType: 'exact',
        },
      ],
      outputs: ['y'],
      tensors: { weights },
    });
  }

  it('is the same layer as in TensorFlow.js, in size and in every integer', () => {
    const property = fc.property(fc.gen(), (generate) => {
      const draw = drawFrom(generate);
      const pair = (low: number, high: number) => [draw.integer(low, high), draw.integer(low, high)] as const;
      const [input, kernel, strides] = [pair(1, 5), pair(1, 5), pair(1, 4)];
      const [inputs, outputs] = pair(1, 3);
      const padding = draw.pick(['same', 'valid'] as const);
      const tensor = (shape: number[]): IntegerTensor => ({ shape, format, raw: draw.raw(shape, format) });
      const x = tensor([...input, inputs]);
      const weights = tensor([...kernel, inputs, outputs]);
      const { size, cropping } = resolveTransposedPadding(padding, input, kernel, strides);
      const graph = build(x, weights, { strides: [...strides], size: [...size], cropping: [...cropping] });
      const { y } = new Network(graph).run(x.raw).outputs;
      tf.tidy(() => {
        const layer = tf.layers.conv2dTranspose({
          filters: outputs,
          kernelSize: [...kernel],
          strides: [...strides],
          padding,
          useBias: false,
        });
        const image = tf.tensor4d(Float32Array.from(x.raw as Float64Array), [1, ...x.shape] as never);
        layer.build(image.shape);
        const own = tf.tensor4d(Float32Array.from(weights.raw as Float64Array), weights.shape as never);
        layer.setWeights([own.transpose([0, 1, 3, 2])]);
        const expected = layer.apply(image) as tf.Tensor;
        expect(y.shape).toEqual(expected.shape.slice(1));
        expect(Array.from(y.raw as Float64Array)).toEqual(Array.from(expected.dataSync(), (value) => value + 0));
      });
    });
    fc.assert(property, { seed: 4, numRuns: 120 });
  });

  it('needs no more bits than the taps that can meet: four of the sixteen of a 4 x 4 kernel at stride 2', () => {
    const fill = (shape: number[]): IntegerTensor => ({
      shape,
      format: { signed: false, wordLength: 1, binaryPoint: 0 },
      raw: new Float64Array(shape.reduce((product, side) => product * side, 1)).fill(1),
    });
    const attributes = { strides: [2, 2], size: [8, 8], cropping: [1, 1] };
    const graph = build({ ...fill([4, 4, 1]) }, fill([4, 4, 1, 1]), attributes);
    // Four products of -32 to 31 each.
    expect(graph.nodes[1].exactType).toEqual({ signed: true, wordLength: 8, binaryPoint: 0 });
  });
});
