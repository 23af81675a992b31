import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import type { Emission, EmitterOperand, Table } from './emitter.js';
import { weightLayout } from './weight-layout.js';
import type { ConstantTable } from './weight-table.js';

/** Widest word of bits that the library compares at once. */
const maximumLanes = 64;

/** Longest values that are taken apart into planes of bits. */
const maximumPlanes = 2;

type CountedSums = Pick<Emission, 'header' | 'function'>;

/**
 * The header and the function of sums of products that are counted: of weights that are all 1 or -1 with values that are all 1
 * or -1, or have one or two bits, as long as the lanes fit a word of bits. Undefined for others.
 */
export function countedSums(
  input: EmitterOperand,
  { raw }: IntegerTensor,
  inputLanes: number,
): CountedSums | undefined {
  if (inputLanes > maximumLanes) return undefined;
  for (let index = 0; index < raw.length; index++) {
    const value = Number(raw[index]);
    if (value !== 1 && value !== -1) return undefined;
  }
  if (input.isBinary) return { header: 'qfx/binary_conv2d.h', function: 'qfx::binary_conv2d' };
  if (input.type.wordLength > maximumPlanes) return undefined;
  return { header: 'qfx/bit_plane_conv2d.h', function: 'qfx::bit_plane_conv2d' };
}

/** The type of a word of as many bits. */
export function bitsType(inputLanes: number) {
  return { name: 'bits_t', format: { signed: false, wordLength: inputLanes, binaryPoint: 0 } } as const;
}

/**
 * The signs of the weights in the order in which the library reads them: a row one step, a word one output, a bit one input.
 * @param kernel [height, width, inputs, outputs]
 */
export function signLayout(
  weights: ConstantTable,
  kernel: readonly [number, number, number, number],
  inputLanes: number,
  outputLanes: number,
): Table {
  const { values, dimensions } = weightLayout(weights, kernel, inputLanes, outputLanes);
  const words: bigint[] = [];
  for (let step = 0; step < dimensions[0]; step++) {
    for (let output = 0; output < outputLanes; output++) {
      let word = 0n;
      for (let input = 0; input < inputLanes; input++) {
        const value = values[(step * inputLanes + input) * outputLanes + output];
        if (value > 0) word |= 1n << BigInt(input);
      }
      words.push(word);
    }
  }
  return {
    name: 'weights',
    comment: `Signs of the weights: a row is one step, ${outputLanes} words (outputs) of ${inputLanes} bits (inputs), 1 for +.`,
    element: { typeName: 'bits_t' },
    dimensions: [dimensions[0], outputLanes],
    values: words,
  };
}
