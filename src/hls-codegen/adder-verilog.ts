import { adderGraphRanges } from '../qfx/hardware/adders/index.js';
import type { AdderGraph, AdderOperand } from '../qfx/hardware/adders/index.js';
import type { FixedPointFormat } from '../qfx/number/type.js';
import { legalFormat } from './cpp-text.js';

/** One adder. Instances of a module of its own stay as they are in synthesis: sums of several operands are not merged. */
export const adderModule = `(* keep_hierarchy *)
module qfx_adder #(parameter WIDTH = 1, parameter SUBTRACT = 0) (
  input [WIDTH-1:0] left,
  input [WIDTH-1:0] right,
  output [WIDTH-1:0] result
);
  assign result = SUBTRACT ? left - right : left + right;
endmodule
`;

/** A wire that carries raw integers. */
interface Wire {
  readonly name: string;
  readonly format: FixedPointFormat;
}

/**
 * An adder graph as a combinational Verilog module, one instance of `qfx_adder` an adder. Ports x0, x1, ... and y0, y1, ... are raw
 * integers: an output's word is as wide as its range needs, and signed only where its format is.
 * @param input the format of all inputs
 */
export function adderVerilog(name: string, graph: AdderGraph, input: FixedPointFormat): string {
  const format = legalFormat({ ...input, binaryPoint: 0 });
  const ranges = adderGraphRanges(graph, new Array<FixedPointFormat>(graph.inputs).fill(format));
  const wires: Wire[] = Array.from({ length: graph.inputs }, (_, index) => ({ name: `x${index}`, format }));
  const adders: string[] = [];
  graph.operations.forEach(({ left, right, subtract }, index) => {
    const wire = { name: `a${index}`, format: legalFormat(ranges.operations[index].format) };
    const [a, b] = [left, right].map((operand) => operandText(operand, wires, wire.format));
    const { wordLength } = wire.format;
    adders.push(
      `  wire [${wordLength - 1}:0] ${wire.name};`,
      `  qfx_adder #(.WIDTH(${wordLength}), .SUBTRACT(${subtract ? 1 : 0})) add${index} (.left(${a}), .right(${b}), .result(${wire.name}));`,
    );
    wires.push(wire);
  });
  // Of outputs the raw integer at binary point 0: a result in which all shifts are carried out.
  const outputs = ranges.outputs.map((range, index) => ({
    name: `y${index}`,
    format: integerFormat(range.format),
  }));
  const assignments = graph.outputs.map((output, index) => {
    const text = output === null ? "1'b0" : operandText(output, wires, outputs[index].format);
    return `  assign y${index} = ${output?.negative ? `-${text}` : text};`;
  });
  const port = (direction: string) => (wire: Wire) =>
    `  ${direction} ${wire.format.signed ? 'signed ' : ''}[${wire.format.wordLength - 1}:0] ${wire.name}`;
  const ports = [...wires.slice(0, graph.inputs).map(port('input')), ...outputs.map(port('output'))];
  return [
    `// ${graph.operations.length} adders: y = x M for a constant matrix M of ${graph.inputs} x ${outputs.length} integers.`,
    `module ${name} (\n${ports.join(',\n')}\n);`,
    ...adders,
    ...assignments,
    'endmodule\n',
  ].join('\n');
}

/** A format with the bits below its binary point that lie above 0 filled in. */
function integerFormat({ signed, wordLength, binaryPoint }: FixedPointFormat): FixedPointFormat {
  return legalFormat({ signed, wordLength: wordLength === 0 ? 0 : wordLength - binaryPoint, binaryPoint: 0 });
}

/** An operand in the word of a result: shifted to its binary point, and extended by its sign or by zeros. */
function operandText({ node, shift }: AdderOperand, wires: readonly Wire[], to: FixedPointFormat): string {
  const { name, format } = wires[node];
  const left = to.binaryPoint - (format.binaryPoint - shift);
  const zeros = left > 0 ? [`${left}'b0`] : [];
  if (left >= to.wordLength) return `${to.wordLength}'b0`;
  const spare = to.wordLength - left - format.wordLength;
  // What is cut off repeats the sign, or is zero: the result's word holds every result.
  if (spare < 0) return `{${[`${name}[${to.wordLength - left - 1}:0]`, ...zeros].join(', ')}}`;
  const top = format.signed ? `${name}[${format.wordLength - 1}]` : "1'b0";
  const extension = spare > 1 ? [`{${spare}{${top}}}`] : spare === 1 ? [top] : [];
  const parts = [...extension, name, ...zeros];
  return parts.length === 1 ? name : `{${parts.join(', ')}}`;
}
