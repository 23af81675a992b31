import { allHigh, allLow, describeOperation } from './contract.js';
import type { OperationCase, OperationContract, Trace } from './contract.js';
import type { Draw } from './draw.js';
import { isLess, times, zeroAt } from './dyadic.js';
import type { Dyadic } from './dyadic.js';
import { tracedSum } from './traced-sum.js';

const narrow = { signed: true, wordLength: 4, binaryPoint: 0 };
const negated = ({ raw, binaryPoint }: Dyadic): Dyadic => ({ raw: -raw, binaryPoint });

/** The first input at one end of its type, the second one at one of its own. */
const ends = (first: boolean, second: boolean) => ({ isHigh: (input: number) => (input === 0 ? first : second) });
const opposite = [ends(true, false), ends(false, true)];

/** What operations on two tensors of one shape share: how they are drawn, and what they refuse. */
function describeElementWise(
  operation: string,
  combine: (first: Dyadic, second: Dyadic, trace: Trace) => Dyadic,
  extremes: OperationContract['extremes'],
): void {
  describeOperation({
    operation,
    paths: ['int32', 'int64', 'reference'],
    draw(draw: Draw): OperationCase {
      const shape = Array.from({ length: draw.integer(1, 3) }, () => draw.integer(1, 3));
      return { attributes: {}, inputs: [1, 2].map(() => ({ shape, format: draw.format(shape) })), constants: {} };
    },
    shape: ({ inputs: [{ shape }] }) => shape,
    evaluate: (_use, [first, second], trace) => first.map((value, index) => combine(value, second[index], trace)),
    extremes,
    refusals: [
      {
        what: 'different shapes',
        change: (use) => ({
          ...use,
          inputs: [
            [2, 3],
            [3, 2],
          ].map((shape) => ({ shape, format: narrow })),
        }),
        message: /different shapes: "input 0" \[2, 3\], "input 1" \[3, 2\]/,
      },
      {
        what: 'a third input',
        change: (use) => ({ ...use, inputs: [...use.inputs, use.inputs[0]] }),
        message: new RegExp(`3 inputs, ${operation} takes 2`),
      },
    ],
  });
}

describeElementWise(
  'subtract',
  (first, second, trace) => tracedSum([first, negated(second)], trace),
  () => opposite,
);

describeElementWise(
  'multiply',
  (first, second, trace) => {
    const product = times(first, second);
    trace(product);
    return product;
  },
  () => [allHigh, allLow, ...opposite],
);

/** The one that a comparison picks; both operands' binary points count. */
function pick(isWanted: (second: Dyadic, first: Dyadic) => boolean): Parameters<typeof describeElementWise>[1] {
  return (first, second, trace) => {
    for (const operand of [first, second]) {
      trace(operand, 'operand');
      trace(zeroAt(operand));
    }
    const result = isWanted(second, first) ? second : first;
    trace(result);
    return result;
  };
}

describeElementWise(
  'maximum',
  pick((second, first) => isLess(first, second)),
  () => [allHigh, allLow],
);

describeElementWise('minimum', pick(isLess), () => [allHigh, allLow]);
