import { dyadicsOf, times } from './dyadic.js';
import { describeOperation } from './contract.js';
import type { OperationCase } from './contract.js';
import { tracedSum } from './traced-sum.js';

const outputsOf = ({ constants: { weights } }: OperationCase) => weights.shape[1];

describeOperation({
  operation: 'dense',
  paths: ['int16', 'int64', 'reference'],
  draw(draw) {
    const inputs = draw.integer(1, 7);
    const outputs = draw.integer(1, 4);
    const bias = draw.pick([true, false]);
    return {
      attributes: {},
      inputs: [{ shape: [inputs], format: draw.format([inputs]) }],
      constants: { weights: draw.tensor([inputs, outputs]), ...(bias ? { bias: draw.tensor([outputs]) } : {}) },
    };
  },
  shape: (use) => [outputsOf(use)],
  evaluate(use, [values], trace) {
    const weights = dyadicsOf(use.constants.weights);
    const bias = use.constants.bias && dyadicsOf(use.constants.bias);
    const outputs = outputsOf(use);
    return Array.from({ length: outputs }, (_, output) => {
      const terms = values.map((value, input) => times(value, weights[input * outputs + output]));
      return tracedSum(bias ? [...terms, bias[output]] : terms, trace);
    });
  },
  *extremes(use) {
    const { raw } = use.constants.weights;
    const outputs = outputsOf(use);
    for (let output = 0; output < outputs; output++) {
      yield { isHigh: (_input, index) => raw[index * outputs + output] > 0 };
      yield { isHigh: (_input, index) => raw[index * outputs + output] < 0 };
    }
  },
  refusals: [
    {
      what: 'weights for another number of inputs',
      change: (use) => ({ ...use, inputs: [{ shape: [9], format: { signed: true, wordLength: 4, binaryPoint: 0 } }] }),
      message: /weights have shape .*, needed: \[9, outputs\]/,
    },
    {
      what: 'an image',
      change: (use) => ({
        ...use,
        inputs: [{ shape: [1, 9], format: { signed: true, wordLength: 4, binaryPoint: 0 } }],
      }),
      message: /shape \[1, 9\], needed: \[features\]/,
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
