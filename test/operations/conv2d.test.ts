import { dyadicsOf, times, zeroAt } from './dyadic.js';
import type { Dyadic } from './dyadic.js';
import { describeOperation } from './contract.js';
import type { OperationCase } from './contract.js';
import { drawWindow, isByChannel, outputSize, refusesVectors, windows } from './image.js';
import type { WindowCase } from './image.js';
import { tracedSum } from './traced-sum.js';

const narrow = { signed: true, wordLength: 4, binaryPoint: 0 };

function windowOf({ attributes, inputs: [{ shape }], constants: { weights } }: OperationCase): WindowCase {
  const { strides, dilations, padding } = attributes as unknown as WindowCase;
  return { input: shape.slice(0, 2), kernel: weights.shape.slice(0, 2), strides, dilations, padding };
}

/** For each output value the products' operands: indices of the input value and of the weight. */
function* termsOf(use: OperationCase): Generator<{ output: number; channel: number; terms: [number, number][] }> {
  const window = windowOf(use);
  const [, width, inputChannels] = use.inputs[0].shape;
  const [, kernelWidth, groupInputs, outputChannels] = use.constants.weights.shape;
  const groups = inputChannels / groupInputs;
  let output = 0;
  for (const taps of windows(window)) {
    for (let channel = 0; channel < outputChannels; channel++) {
      const group = Math.floor(channel / (outputChannels / groups));
      const terms: [number, number][] = [];
      for (const { kernelRow, kernelColumn, row, column } of taps) {
        for (let input = 0; input < groupInputs; input++) {
          const value = (row * width + column) * inputChannels + group * groupInputs + input;
          const weight = ((kernelRow * kernelWidth + kernelColumn) * groupInputs + input) * outputChannels + channel;
          terms.push([value, weight]);
        }
      }
      yield { output: output++, channel, terms };
    }
  }
}

describeOperation(
  {
    operation: 'conv2d',
    paths: ['int16', 'int64', 'reference'],
    draw(draw) {
      const { input, kernel, strides, dilations, padding } = drawWindow(draw, { dilated: true, padded: 3 });
      const groups = draw.integer(1, 3);
      const [groupInputs, groupOutputs] = [draw.integer(1, draw.pick([1, 2, 5])), draw.integer(1, 2)];
      const shape = [...input, groups * groupInputs];
      const outputs = groups * groupOutputs;
      const bias = draw.pick([true, false]);
      return {
        attributes: { strides, dilations, padding, groups },
        inputs: [{ shape, format: draw.format(shape) }],
        constants: {
          weights: draw.tensor([...kernel, groupInputs, outputs]),
          ...(bias ? { bias: draw.tensor([outputs]) } : {}),
        },
      };
    },
    shape: (use) => [outputSize(windowOf(use), 0), outputSize(windowOf(use), 1), use.constants.weights.shape[3]],
    evaluate(use, [values], trace, only) {
      const weights = dyadicsOf(use.constants.weights);
      const bias = use.constants.bias && dyadicsOf(use.constants.bias);
      // Every weight counts in the binary point, also one that no window lays on the image.
      const [, , , outputs] = use.constants.weights.shape;
      const channels = use.inputs[0].shape[2];
      const groups = use.attributes.groups as number;
      values.forEach((value, index) => {
        weights.forEach((weight, at) => {
          const group = Math.floor(((at % outputs) * groups) / outputs);
          const channel = group * (channels / groups) + (Math.floor(at / outputs) % (channels / groups));
          if (index % channels === channel) trace(zeroAt(times(value, weight)));
        });
      });
      const results: Dyadic[] = [];
      for (const { output, channel, terms } of termsOf(use)) {
        if (only !== undefined && only !== output) continue;
        const products = terms.map(([value, weight]) => times(values[value], weights[weight]));
        results.push(tracedSum(bias ? [...products, bias[channel]] : products, trace));
      }
      return results;
    },
    extremes(use) {
      if (!isByChannel(use.inputs[0])) return undefined;
      const { raw } = use.constants.weights;
      return [...termsOf(use)].flatMap(({ output, terms }) => {
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
        change: (use) => ({
          ...use,
          inputs: [{ shape: [9, 9, 60], format: narrow }],
          attributes: { ...use.attributes, groups: 1 },
        }),
        message: /weights have shape .*, needed: \[kernelHeight, kernelWidth, 60, outputs\]/,
      },
      {
        what: 'groups that do not divide the channels',
        change: (use) => ({ ...use, attributes: { ...use.attributes, groups: 64 } }),
        message: /groups is 64, which doesn't divide/,
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
        what: 'a window larger than the padded image',
        change: (use) => ({
          ...use,
          attributes: { ...use.attributes, padding: [0, 0, 0, 0], dilations: [1, 1] },
          constants: largeKernel(use),
        }),
        message: /the window spans 5 rows, the padded image has only \d/,
      },
      {
        what: 'a padding that makes an absurd image',
        change: (use) => ({ ...use, attributes: { ...use.attributes, padding: [0, 16_000_000, 0, 0] } }),
        message: /output rows, at most 65536 are possible/,
      },
      {
        what: 'an attribute that is no whole number',
        change: (use) => ({ ...use, attributes: { ...use.attributes, strides: [1, 0.5] } }),
        message: /attributes: strides.1/,
      },
    ],
  },
  { runs: 100 },
);

function largeKernel({ constants }: OperationCase): OperationCase['constants'] {
  const shape = [5, 1, ...constants.weights.shape.slice(2)];
  return { weights: { shape, format: narrow, raw: new Float64Array(5 * shape[2] * shape[3]) } };
}
