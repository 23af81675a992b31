import { maximumNumberWordLength, spreadAt } from '../number/type.js';
import type { IntegerTensor } from '../number/raw-array.js';
import { foldConstant } from './constant.js';
import { intervalBits, smallestIntervalFormat } from './interval.js';
import type { Interval } from './interval.js';
import { alignedOperandType, channelIntervals, prepareAlignment } from './operand.js';
import type { NodeTyping, OperandDescription } from './operation.js';
import { bigIntArithmetic, numberArithmetic } from './scalars.js';
import type { Arithmetic, Scalar, Scalars } from './scalars.js';
import { largestRanges, tapRanges } from './window.js';
import type { Pair, TapRange, WindowGeometry } from './window.js';

/**
 * A convolution, or a dense layer as one on an image of one pixel: weighted sums of the values under a window.
 * Its weights are [kernelHeight, kernelWidth, inputChannels / groups, outputChannels], row-major; output channel o belongs
 * to group floor(o / (outputChannels / groups)).
 */
export interface WeightedSum {
  readonly operand: OperandDescription;
  readonly weights: IntegerTensor;
  readonly bias: IntegerTensor | undefined;
  readonly geometry: WindowGeometry;
  /** Height and width of the result. */
  readonly outputs: Pair;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly groups: number;
}

/** Exact type, and the type of the operand where its elements have to be aligned before they are multiplied. */
export function inferWeightedSum(sum: WeightedSum): Omit<NodeTyping, 'shape'> {
  return { exactType: smallestIntervalFormat(sumInterval(sum)), ...alignedOperandType(sum.operand) };
}

/** From the sum of all that pulls down to the sum of all that pulls up, in the worst channel at the worst position. */
export function sumInterval(sum: WeightedSum): Interval {
  const channels = channelIntervals(sum.operand);
  const { outputChannels, geometry } = sum;
  const termBinaryPoint = sumBinaryPoint(sum, channels);
  const binaryPoint = termBinaryPoint ?? 0;
  const arithmetic = boundArithmetic(sum, channels, binaryPoint);
  const weights = foldWeights(sum, channels, binaryPoint, arithmetic);
  const bias = foldBias(sum, binaryPoint, arithmetic);
  const low = channels.map((interval) => arithmetic.scalar(interval.minimum));
  const high = channels.map((interval) => arithmetic.scalar(interval.maximum));
  const { down, up } = tapExtremes(sum, weights, low, high, arithmetic);
  const [lowestOver, highestOver] = [down, up].map((taps) =>
    accumulateTaps(taps, geometry.kernel, outputChannels, arithmetic),
  );
  const rowRanges = largestRanges(tapRanges(geometry, sum.outputs, 0));
  const columnRanges = largestRanges(tapRanges(geometry, sum.outputs, 1));
  const { zero } = arithmetic;
  let minimum = zero;
  let maximum = zero;
  for (const rows of rowRanges) {
    for (const columns of columnRanges) {
      for (let output = 0; output < outputChannels; output++) {
        const lowest = lowestOver(rows, columns, output) + (bias[output] < zero ? bias[output] : zero);
        const highest = highestOver(rows, columns, output) + (bias[output] > zero ? bias[output] : zero);
        if (lowest < minimum) minimum = lowest;
        if (highest > maximum) maximum = highest;
      }
    }
  }
  return { minimum: BigInt(minimum), maximum: BigInt(maximum), binaryPoint: termBinaryPoint };
}

/** The sum over a rectangle of taps for one output channel, from a table of the sums up to each tap. */
function accumulateTaps(
  taps: Scalars,
  [kernelHeight, kernelWidth]: Pair,
  outputs: number,
  { allocate }: Arithmetic,
): (rows: TapRange, columns: TapRange, output: number) => Scalar {
  const rowLength = (kernelWidth + 1) * outputs;
  const until = allocate((kernelHeight + 1) * rowLength);
  for (let row = 0; row < kernelHeight; row++) {
    for (let index = 0; index < kernelWidth * outputs; index++) {
      const at = (row + 1) * rowLength + outputs + index;
      const tap = taps[row * kernelWidth * outputs + index];
      until[at] = tap + until[at - outputs] + until[at - rowLength] - until[at - rowLength - outputs];
    }
  }
  return (rows, columns, output) => {
    const sum = (row: number, column: number) => until[row * rowLength + column * outputs + output];
    return (
      sum(rows.end, columns.end) -
      sum(rows.first, columns.end) -
      sum(rows.end, columns.first) +
      sum(rows.first, columns.first)
    );
  };
}

/** For each tap and output channel how far down and up its products can pull. */
function tapExtremes(
  sum: WeightedSum,
  weights: Scalars,
  low: readonly number[],
  high: readonly number[],
  { zero, allocate }: Arithmetic,
): { down: Scalars; up: Scalars } {
  const { outputChannels, geometry } = sum;
  const tapCount = geometry.kernel[0] * geometry.kernel[1];
  const tapWeights = weights.length / tapCount;
  const down = allocate(tapCount * outputChannels);
  const up = allocate(tapCount * outputChannels);
  for (let index = 0; index < weights.length; index++) {
    const weight = weights[index];
    const channel = inputChannel(sum, index);
    const tap = Math.floor(index / tapWeights) * outputChannels + (index % outputChannels);
    const positive = weight > zero;
    down[tap] += weight * (positive ? low[channel] : high[channel]);
    up[tap] += weight * (positive ? high[channel] : low[channel]);
  }
  return { down, up };
}

/** The largest binary point among the products and the biases that have any width; undefined when there is none. */
function sumBinaryPoint(sum: WeightedSum, channels: readonly Interval[]): number | undefined {
  let largest: number | undefined;
  const consider = ({ format, shape }: IntegerTensor, index: number, operandBinaryPoint: number | undefined) => {
    if (operandBinaryPoint === undefined || spreadAt(format.wordLength, shape, index) === 0) return;
    const binaryPoint = operandBinaryPoint + spreadAt(format.binaryPoint, shape, index);
    if (largest === undefined || binaryPoint > largest) largest = binaryPoint;
  };
  for (let index = 0; index < sum.weights.raw.length; index++) {
    consider(sum.weights, index, channels[inputChannel(sum, index)].binaryPoint);
  }
  for (let output = 0; sum.bias && output < sum.outputChannels; output++) consider(sum.bias, output, 0);
  return largest;
}

/** Numbers where a generous bound shows that every sum of products fits them. */
function boundArithmetic(sum: WeightedSum, channels: readonly Interval[], binaryPoint: number): Arithmetic {
  let productBits = 0;
  const alignedBits = ({ format, shape }: IntegerTensor, index: number, operandBinaryPoint: number) =>
    spreadAt(format.wordLength, shape, index) +
    Math.max(binaryPoint - operandBinaryPoint - spreadAt(format.binaryPoint, shape, index), 0);
  const channelBits = channels.map(intervalBits);
  for (let index = 0; index < sum.weights.raw.length; index++) {
    const channel = inputChannel(sum, index);
    const operandBinaryPoint = channels[channel].binaryPoint;
    if (operandBinaryPoint === undefined) continue;
    productBits = Math.max(productBits, channelBits[channel] + alignedBits(sum.weights, index, operandBinaryPoint));
  }
  let biasBits = 0;
  for (let output = 0; sum.bias && output < sum.outputChannels; output++) {
    biasBits = Math.max(biasBits, alignedBits(sum.bias, output, 0));
  }
  // One bit for the sum with a bias, one for two sums on the way to a rectangle's.
  const sumBits = Math.max(productBits + Math.ceil(Math.log2(sum.weights.raw.length)), biasBits) + 2;
  return sumBits <= maximumNumberWordLength ? numberArithmetic : bigIntArithmetic;
}

function foldWeights(
  sum: WeightedSum,
  channels: readonly Interval[],
  binaryPoint: number,
  arithmetic: Arithmetic,
): Scalars {
  return foldConstant(sum.weights, (index) => channels[inputChannel(sum, index)].binaryPoint, binaryPoint, arithmetic);
}

function foldBias({ bias, outputChannels }: WeightedSum, binaryPoint: number, arithmetic: Arithmetic): Scalars {
  return bias ? foldConstant(bias, () => 0, binaryPoint, arithmetic) : arithmetic.allocate(outputChannels);
}

/** The input channel that the weight at a row-major index is multiplied with. */
function inputChannel({ groups, inputChannels, outputChannels }: WeightedSum, index: number): number {
  const groupInputs = inputChannels / groups;
  const group = Math.floor(((index % outputChannels) * groups) / outputChannels);
  return group * groupInputs + (Math.floor(index / outputChannels) % groupInputs);
}

/** What a weighted sum computes with: for each input channel the operand's binary point, and constants aligned to the result's. */
interface FoldedWeightedSum {
  readonly binaryPoints: readonly (number | undefined)[];
  /** In the order of the weights. */
  readonly weights: Scalars;
  readonly bias: Scalars;
}

/** Aligns weights and bias such that the sum of products plus bias is the exact result. */
export function foldWeightedSum(
  sum: WeightedSum,
  { exactType: { binaryPoint } }: Pick<NodeTyping, 'exactType'>,
  arithmetic: Arithmetic,
): FoldedWeightedSum {
  const channels = channelIntervals(sum.operand);
  return {
    binaryPoints: channels.map((channel) => channel.binaryPoint),
    weights: foldWeights(sum, channels, binaryPoint, arithmetic),
    bias: foldBias(sum, binaryPoint, arithmetic),
  };
}

/** The exact sums for one image: row-major, channels last. */
export function prepareWeightedSum(
  sum: WeightedSum,
  typing: NodeTyping,
  arithmetic: Arithmetic,
): (values: Scalars) => Scalars {
  const { binaryPoints, weights, bias } = foldWeightedSum(sum, typing, arithmetic);
  const align = prepareAlignment(sum.operand, binaryPoints, arithmetic);
  const rows = tapRanges(sum.geometry, sum.outputs, 0);
  const columns = tapRanges(sum.geometry, sum.outputs, 1);
  const { geometry, outputs, inputChannels, outputChannels, groups } = sum;
  const [, inputWidth] = geometry.input;
  const groupInputs = inputChannels / groups;
  const groupOutputs = outputChannels / groups;
  const tapWeights = groupInputs * outputChannels;

  return (values) => {
    const input = align(values);
    const result = arithmetic.allocate(outputs[0] * outputs[1] * outputChannels);
    for (let y = 0; y < outputs[0]; y++) {
      for (let x = 0; x < outputs[1]; x++) {
        const target = (y * outputs[1] + x) * outputChannels;
        for (let output = 0; output < outputChannels; output++) result[target + output] = bias[output];
        for (let row = rows[y].first; row < rows[y].end; row++) {
          const inputRow = y * geometry.strides[0] - geometry.padding[0] + row * geometry.dilations[0];
          for (let column = columns[x].first; column < columns[x].end; column++) {
            const inputColumn = x * geometry.strides[1] - geometry.padding[2] + column * geometry.dilations[1];
            const pixel = (inputRow * inputWidth + inputColumn) * inputChannels;
            const tap = (row * geometry.kernel[1] + column) * tapWeights;
            for (let group = 0; group < groups; group++) {
              const from = pixel + group * groupInputs;
              const to = target + group * groupOutputs;
              accumulate(
                input,
                from,
                groupInputs,
                weights,
                tap + group * groupOutputs,
                outputChannels,
                result,
                to,
                groupOutputs,
              );
            }
          }
        }
      }
    }
    return result;
  };
}

/**
 * result[o] += sum over i of input[i] * weights[i][o]. Nearly all time of a network is spent here: four inputs at a time, so
 * that a result is loaded and stored once for four products (every partial sum is exact, so the order doesn't matter).
 */
function accumulate(
  input: Scalars,
  inputStart: number,
  inputCount: number,
  weights: Scalars,
  weightStart: number,
  weightStride: number,
  result: Scalars,
  resultStart: number,
  resultCount: number,
): void {
  let index = 0;
  for (; index + 3 < inputCount; index += 4) {
    const value0 = input[inputStart + index];
    const value1 = input[inputStart + index + 1];
    const value2 = input[inputStart + index + 2];
    const value3 = input[inputStart + index + 3];
    const weights0 = weightStart + index * weightStride;
    const weights1 = weights0 + weightStride;
    const weights2 = weights1 + weightStride;
    const weights3 = weights2 + weightStride;
    for (let output = 0; output < resultCount; output++) {
      result[resultStart + output] +=
        value0 * weights[weights0 + output] +
        value1 * weights[weights1 + output] +
        value2 * weights[weights2 + output] +
        value3 * weights[weights3 + output];
    }
  }
  for (; index < inputCount; index++) {
    const value = input[inputStart + index];
    const row = weightStart + index * weightStride;
    for (let output = 0; output < resultCount; output++) result[resultStart + output] += value * weights[row + output];
  }
}
