import { readFile } from 'node:fs/promises';
import { adderGraphDepth, optimizeAdderGraph, parseConstantMatrix, QfxError } from '../qfx/index.js';
import type { AdderGraph, AdderOperand, ConstantMatrix } from '../qfx/index.js';
import { wholeNumber } from './command.js';
import type { Command } from './command.js';
import { formatTable } from './table.js';

interface Options {
  matrix: string;
  maxDepth?: number;
}

/** `qfx adders`: a constant matrix as an adder graph. */
export const adders: Command<Options> = {
  command: 'adders <matrix>',
  describe: 'Turn a constant integer matrix into additions, subtractions and shifts',
  examples: [
    ['$0 adders matrix.json', 'y = xM for a JSON array of rows, one row an input'],
    [
      '$0 adders matrix.json --max-depth 6 --json',
      'At most six adders from an input to an output; the graph for scripts',
    ],
  ],
  options: (yargs) =>
    yargs
      .positional('matrix', {
        type: 'string',
        demandOption: true,
        describe: 'A file with a JSON array of rows of integers',
      })
      .option('max-depth', {
        type: 'number',
        requiresArg: true,
        describe: 'The most adders between an input and an output (default: any number)',
      }),
  async run({ matrix: fileName, maxDepth }) {
    const maximumDepth = maxDepth === undefined ? undefined : wholeNumber('max-depth', maxDepth);
    const matrix = await readMatrix(fileName);
    const graph = optimizeAdderGraph(matrix, { maximumDepth, where: fileName });
    const { inputs, operations, outputs } = graph;
    const depth = adderGraphDepth(graph);
    return {
      document: { inputs, adders: operations.length, depth, operations, outputs },
      text: [
        formatTable(['inputs', 'outputs', 'adders', 'depth'], [[inputs, outputs.length, operations.length, depth]]),
        '',
        ...listing(graph),
      ].join('\n'),
    };
  },
};

async function readMatrix(fileName: string): Promise<ConstantMatrix> {
  const text = await readFile(fileName, 'utf8').catch((cause: Error) => {
    throw new QfxError(fileName, `cannot be read (${cause.message})`, { cause });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new QfxError(fileName, `is not JSON (${(cause as Error).message})`, { cause });
  }
  return parseConstantMatrix(value, fileName);
}

/** The graph as a person reads it: `a0 = (x1 << 2) + x0`, `y0 = -a0`. */
function listing({ inputs, operations, outputs }: AdderGraph): string[] {
  const operand = ({ node, shift }: AdderOperand) => {
    const name = node < inputs ? `x${node}` : `a${node - inputs}`;
    return shift === 0 ? name : `(${name} << ${shift})`;
  };
  return [
    ...operations.map(
      ({ left, right, subtract }, index) => `a${index} = ${operand(left)} ${subtract ? '-' : '+'} ${operand(right)}`,
    ),
    ...outputs.map((output, index) => {
      if (output === null) return `y${index} = 0`;
      return `y${index} = ${output.negative ? '-' : ''}${operand(output)}`;
    }),
  ];
}
