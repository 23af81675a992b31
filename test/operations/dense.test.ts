import { expect, it } from 'vitest';
import { dense } from '../../src/qfx/operations/dense.js';
import { dyadicsOf, times } from './dyadic.js';
import { describeOperation } from './contract.js';
import type { Extreme, OperationCase } from './contract.js';
import { isByChannel } from './image.js';
import { tracedSum } from './traced-sum.js';

const outputsOf = ({ constants: { weights } }: OperationCase) => weights.shape[1];

/** For each output all that pulls up, and all that pulls down. */
function* ends(use: OperationCase): Generator<Extreme> {
  const { raw } = use.constants.weights;
  const [inputs, outputs] = use.constants.weights.shape;
  for (let output = 0; output < outputs; output++) {
    const weightOf = (index: number) => raw[(index % inputs) * outputs + output];
    yield { isHigh: (_input, index) => weightOf(index) > 0 };
    yield { isHigh: (_input, index) => weightOf(index) < 0 };
  }
}

describeOperation({
  operation: 'dense',
  paths: ['int16', 'int64', 'reference'],
  draw(draw) {
    const inputs = draw.integer(1, 7);
    const shape = [...draw.pick([[], [], [draw.integer(1, 4)], [draw.integer(1, 3), draw.integer(1, 2)]]), inputs];
    const outputs = draw.integer(1, 4);
    const bias = draw.pick([true, false]);
    return {
      attributes: {},
      inputs: [{ shape, format: draw.format(shape) }],
      constants: { weights: draw.tensor([inputs, outputs]), ...(bias ? { bias: draw.tensor([outputs]) } : {}) },
    };
  },
  shape: (use) => [...use.inputs[0].shape.slice(0, -1), outputsOf(use)],
  evaluate(use, [values], trace) {
    const weights = dyadicsOf(use.constants.weights);
    const bias = use.constants.bias && dyadicsOf(use.constants.bias);
    const [inputs, outputs] = use.constants.weights.shape;
    return Array.from({ length: (values.length / inputs) * outputs }, (_, index) => {
      const [position, output] = [Math.floor(index / outputs), index % outputs];
      const terms = Array.from({ length: inputs }, (_term, input) =>
        times(values[position * inputs + input], weights[input * outputs + output]),
      );
      return tracedSum(bias ? [...terms, bias[output]] : terms, trace);
    });
  },
  extremes(use) {
    // Where types vary between the positions, the union of a channel's types is more than any position reaches.
    const [operand] = use.inputs;
    return operand.shape.length === 1 || isByChannel(operand) ? ends(use) : undefined;
  },
  refusals: [
    {
      what: 'weights for another number of inputs',
      change: (use) => ({ ...use, inputs: [{ shape: [9], format: { signed: true, wordLength: 4, binaryPoint: 0 } }] }),
      message: /weights have shape .*, needed: \[9, outputs\]/,
    },
    {
      what: 'a bias of another length',
      change: (use) => ({
        ...use,
        constants: {
          ...use.constants,
          bias: { shape: [9], format: { signed: true, wordLength: 4, binaryPoint: 0 }, raw: new Float64Array(9) },
        },
      }),
      message: /bias have shape \[9\]/,
    },
  ],
});

it('multiplies with each weight at each position', () => {
  const format = { signed: true, wordLength: 4, binaryPoint: 0 };
  const weights = { shape: [3, 5], format, raw: new Float64Array(15) };
  const inputs = [{ name: 'x', shape: [2, 4, 3], format }];
  const context = { name: 'dense', inputs, attributes: {}, constants: { weights }, outputType: 'exact' } as const;
  expect(dense.multiplications(context, dense.infer(context))).toBe(2 * 4 * 15);
});
