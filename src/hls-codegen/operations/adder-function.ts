import { adderGraphRanges, optimizeAdderGraph } from '../../qfx/hardware/adders/index.js';
import type { AdderGraph, AdderOperand } from '../../qfx/hardware/adders/index.js';
import type { FixedPointFormat } from '../../qfx/number/type.js';
import { adderVerilog } from '../adder-verilog.js';
import { cppFormat, legalFormat } from '../cpp-text.js';
import type { AdderFunction, Emission } from './emitter.js';
import { biasTable } from './weight-layout.js';
import type { ConstantTable } from './weight-table.js';

/**
 * The additions that stand for a layer's weights.
 * @param weights their raw integers, each output's at its own binary point
 * @param kernel taps, input channels of a group, outputs
 * @param groups output o reads the inputs of group o / (outputs / groups)
 * @param input the format of the layer's inputs, which come tap by tap, all channels of a tap together
 * @param where what an error says first
 */
export function adderFunction(
  weights: ConstantTable,
  [taps, groupInputs, outputs]: readonly [number, number, number],
  groups: number,
  input: FixedPointFormat,
  where: string,
): AdderFunction {
  const matrix = Array.from({ length: taps * groupInputs * groups }, () => new Array<number>(outputs).fill(0));
  for (let tap = 0; tap < taps; tap++) {
    for (let channel = 0; channel < groupInputs; channel++) {
      for (let output = 0; output < outputs; output++) {
        const group = Math.floor((output * groups) / outputs);
        const row = (tap * groups + group) * groupInputs + channel;
        matrix[row][output] = Number(weights.entries[(tap * groupInputs + channel) * outputs + output]);
      }
    }
  }
  const graph = optimizeAdderGraph(matrix, { where });
  const points = Array.from(
    { length: outputs },
    (_, output) => weights.format.binaryPoint - (weights.shifts?.[output] ?? 0),
  );
  return {
    count: graph.operations.length,
    inputs: graph.inputs,
    outputs,
    statements: statementsOf(graph, points, input),
    verilog: (name) => adderVerilog(name, graph, input),
  };
}

/** A layer of the library whose weights are adders, without its integers. */
export function adderEmission(
  operation: 'dense' | 'conv2d',
  adders: AdderFunction,
  bias: ConstantTable | undefined,
  exactType: FixedPointFormat,
): Omit<Emission, 'integers'> {
  return {
    header: `qfx/${operation}_adders.h`,
    function: `qfx::${operation}_adders`,
    streams: 'inputs-first',
    adders,
    types: [...(bias ? [{ name: 'bias_t', format: bias.format }] : []), { name: 'exact_t', format: exactType }],
    tables: [biasTable(bias)],
  };
}

/** @param points binary point of each output's weights */
function statementsOf(graph: AdderGraph, points: readonly number[], input: FixedPointFormat): string[] {
  const ranges = adderGraphRanges(graph, new Array<FixedPointFormat>(graph.inputs).fill(legalFormat(input)));
  const operand = ({ node, shift }: AdderOperand) => {
    const name = node < graph.inputs ? `x[${node}]` : `a${node - graph.inputs}`;
    return shift === 0 ? name : `qfx::shifted<${shift}>(${name})`;
  };
  const operations = graph.operations.map(({ left, right, subtract }, index) => {
    const sum = `${operand(left)} ${subtract ? '-' : '+'} ${operand(right)}`;
    return `const ${cppFormat(ranges.operations[index].format)} a${index} = ${sum}`;
  });
  const results = graph.outputs.map((output, index) => {
    if (output === null) return `y[${index}] = 0`;
    const value = operand({ ...output, shift: output.shift - points[index] });
    return `y[${index}] = ${output.negative ? `-${value}` : value}`;
  });
  // Where all weights are 0 nothing reads x, which compilers would warn of.
  const unread = graph.outputs.every((output) => output === null) ? ['static_cast<void>(x)'] : [];
  return [...unread, ...operations, ...results];
}
