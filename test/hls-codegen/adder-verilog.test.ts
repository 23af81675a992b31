import { describe, expect, it } from 'vitest';
import { adderModule, adderVerilog } from '../../src/hls-codegen/adder-verilog.js';
import { optimizeAdderGraph } from '../../src/qfx/hardware/adders/index.js';
import { rawRange } from '../../src/qfx/index.js';
import type { FixedPointFormat } from '../../src/qfx/index.js';
import { yosys } from '../support/yosys.js';
import { seededDraw, RandomGraph } from './support/random-graph.js';

const draw = new RandomGraph(seededDraw(77));

/** Integers of up to 6 bits with a sign; sometimes a column of zeros, a power of two, or the negative of another one. */
function matrixOf(rows: number, columns: number): number[][] {
  const matrix = Array.from({ length: rows }, () => Array.from({ length: columns }, () => draw.integer(-32, 31)));
  for (const [index, row] of matrix.entries()) {
    row[columns - 1] = -4 * row[0];
    row[columns - 2] = 0;
    row[columns - 3] = index === 1 ? -16 : 0;
  }
  return matrix;
}

/** The outputs of a module for inputs, as Yosys evaluates it: one list for each list of inputs. */
async function evaluate(name: string, module: string, format: FixedPointFormat, inputs: readonly bigint[][]) {
  const bits = (value: bigint) => BigInt.asUintN(format.wordLength, value).toString(2).padStart(format.wordLength, '0');
  const evaluations = inputs.map((values) => {
    const sets = values.map((value, index) => `-set x${index} ${format.wordLength}'b${bits(value)}`);
    return `eval ${sets.join(' ')}`;
  });
  const flat = [`hierarchy -top ${name}`, 'setattr -mod -unset keep_hierarchy *', 'proc', 'flatten'];
  const printed = await yosys([adderModule, module], [...flat, ...evaluations]);
  const signed = new Set([...module.matchAll(/output signed \[\d+:0\] (y\d+)/g)].map(([, port]) => port));
  const results = inputs.map((): bigint[] => []);
  // One line for each output, in any order, evaluation after evaluation.
  const lines = [...printed.matchAll(/Eval result: \\y(\d+) = (\d+)'([01]+)\./g)];
  for (const [index, [, port, size, word]] of lines.entries()) {
    const raw = BigInt(`0b${word}`);
    const result = results[Math.floor((index * inputs.length) / lines.length)];
    result[Number(port)] = signed.has(`y${port}`) ? BigInt.asIntN(Number(size), raw) : raw;
  }
  return results;
}

describe('adder graphs as Verilog', () => {
  it.each([
    ['signed', { signed: true, wordLength: 5, binaryPoint: 2 }],
    ['unsigned', { signed: false, wordLength: 4, binaryPoint: -1 }],
  ] as const)('give exactly xM for %s inputs', async (_, format) => {
    const matrix = matrixOf(6, 8);
    const graph = optimizeAdderGraph(matrix);
    const { minimum, maximum } = rawRange(format);
    const random = () => BigInt(draw.integer(Number(minimum), Number(maximum)));
    const inputs = [
      matrix.map(() => minimum),
      matrix.map(() => maximum),
      ...Array.from({ length: 30 }, () => matrix.map(random)),
    ];
    const expected = inputs.map((x) =>
      matrix[0].map((_, column) => matrix.reduce((sum, row, index) => sum + x[index] * BigInt(row[column]), 0n)),
    );
    expect(await evaluate('graph', adderVerilog('graph', graph, format), format, inputs)).toEqual(expected);
  });

  it('take no DSP in synthesis, and one adder an operation; products do take DSPs', async () => {
    const format = { signed: true, wordLength: 8, binaryPoint: 0 } as const;
    const matrix = matrixOf(4, 6);
    const graph = optimizeAdderGraph(matrix);
    const synthesis = ['synth_xilinx -family xcup -top main', 'stat'];
    const adders = await yosys([adderModule, adderVerilog('main', graph, format)], synthesis);
    expect(adders).toMatch(/=== design hierarchy ===/);
    expect(adders).not.toMatch(/DSP48E\d +\d/);
    const main = /=== main ===([^=]*)===/.exec(adders)![1];
    const count = [...main.matchAll(/qfx_adder +(\d+)$/gm)].reduce((sum, [, instances]) => sum + Number(instances), 0);
    expect(count).toBe(graph.operations.length);

    const ports = matrix.map((_, index) => `input signed [7:0] x${index}`);
    const products = matrix.map((row, index) => `x${index} * 16'sd${Math.abs(row[0]) | 9}`);
    const control = `module main(${ports.join(', ')}, output signed [15:0] y); assign y = ${products.join(' + ')}; endmodule`;
    expect(await yosys([control], synthesis)).toMatch(/DSP48E2 +[1-9]/);
  });
});
