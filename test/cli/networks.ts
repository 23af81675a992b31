import { buildGraph } from 'qfx';
import type { FixedPointType, Graph, JsonObject, KHot } from 'qfx';

const type = (signed: boolean, wordLength: number, binaryPoint: number): FixedPointType => ({
  ...{ signed, wordLength, binaryPoint },
  ...{ rounding: 'AP_RND', overflow: 'AP_SAT' },
});

interface Options {
  readonly name?: string;
  readonly shape?: readonly number[];
  readonly classes?: number;
  readonly provenance?: JsonObject;
  /** Names of the three nodes. */
  readonly names?: readonly [input: string, flat: string, output: string];
  /** The set that the weights are said to belong to; two signed powers of two hold all of them. */
  readonly kHot?: KHot;
}

/** Flatten and dense on images of bytes: the smallest network that classifies. */
export function tinyNetwork(options: Options = {}): Graph {
  const {
    name = 'tiny',
    shape = [2, 2, 1],
    classes = 3,
    provenance,
    names = ['image', 'flat', 'scores'],
    kHot,
  } = options;
  const [input, flat, output] = names;
  const size = shape.reduce((product, length) => product * length, 1);
  const weights = Float64Array.from({ length: size * classes }, (_, index) => ((index * 7) % 15) - 7);
  return buildGraph({
    name,
    nodes: [
      {
        ...{ name: input, operation: 'input', inputs: [], attributes: { shape: [...shape] } },
        outputType: type(false, 8, 8),
      },
      { name: flat, operation: 'flatten', inputs: [input], outputType: 'exact' },
      {
        ...{ name: output, operation: 'dense', inputs: [flat], constants: { weights: 'weights' } },
        outputType: type(true, 16, 4),
      },
    ],
    outputs: [output],
    tensors: {
      weights: {
        shape: [size, classes],
        format: { signed: true, wordLength: 4, binaryPoint: 3, ...(kHot && { kHot }) },
        raw: weights,
      },
    },
    ...(provenance && { provenance }),
  });
}
