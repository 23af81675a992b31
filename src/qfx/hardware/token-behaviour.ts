import type { Graph, GraphNode } from '../graph/graph.js';
import { operations } from '../operations/index.js';
import { greatestCommonDivisor } from '../number/greatest-common-divisor.js';
import { channelCount, elementCount } from '../number/shape.js';
import type { OperationName } from '../operations/operation.js';
import type { Padding, Pair } from '../operations/window.js';
import type { LayerLanes } from './lanes.js';

/**
 * What a process of the dataflow does with its streams, one word at a time: n >= 0 reads a word of input n, `~n` (negative)
 * writes a word to output n. The functions follow the HLS library statement by statement; a test compares them with
 * what the library's C++ does.
 */
export type TokenActions = Iterable<number>;

/** What the actions of a layer depend on. */
interface Layer extends LayerLanes {
  readonly graph: Graph;
  readonly node: GraphNode;
  /** Shapes of its inputs. */
  readonly inputs: readonly (readonly number[])[];
}

const write = ~0;

/**
 * The actions of a node for one image. An operation from outside of QFX is taken to read everything before it writes
 * anything, the latest that its words can come.
 */
export function layerActions(graph: Graph, node: GraphNode, lanes: LayerLanes): TokenActions {
  const inputs = node.inputs.map((name) => graph.nodes.find((other) => other.name === name)!.shape);
  const actions = isOrderKnown(node) ? behaviours[node.operation as OperationName] : globally;
  return actions({ ...lanes, graph, node, inputs });
}

/** Whether it is known in what order a node reads and writes: not of operations from outside of QFX. */
export function isOrderKnown({ operation }: GraphNode): boolean {
  return Object.hasOwn(behaviours, operation);
}

/** Copies each word to every branch. */
export function* forkActions(words: number, branches: number): Generator<number, void> {
  for (let word = 0; word < words; word++) {
    yield 0;
    for (let branch = 0; branch < branches; branch++) yield ~branch;
  }
}

/** A width converter. */
export function conversionActions(values: number, lanes: LayerLanes): TokenActions {
  return valueByValue(values, lanes, 1);
}

/** An output of the network: takes every word at once. */
export function sinkActions(words: number): TokenActions {
  return repeat(0, words);
}

const behaviours: Record<OperationName, (layer: Layer) => TokenActions> = {
  input: ({ node, outputLanes }) => repeat(write, elementCount(node.shape) / outputLanes),
  dense: positionByPosition,
  conv2d,
  add: elementWise,
  'batch-normalization': elementWise,
  relu: elementWise,
  'max-pooling2d': pooling,
  'average-pooling2d': pooling,
  'global-average-pooling2d': globally,
  'global-max-pooling2d': globally,
  flatten: elementWise,
  reshape: elementWise,
  concatenate,
  requantize: elementWise,
  argmax,
  subtract: elementWise,
  multiply: elementWise,
  maximum: elementWise,
  minimum: elementWise,
  prelu: elementWise,
  'leaky-relu': elementWise,
  'zero-padding2d': zeroPadding,
  'up-sampling2d': upSampling,
  table: elementWise,
  softmax: positionByPosition,
  sign: elementWise,
  'conv2d-transpose': conv2dTranspose,
};

function* repeat(action: number, count: number): Generator<number, void> {
  for (let index = 0; index < count; index++) yield action;
}

function elementWise(layer: Layer): TokenActions {
  return valueByValue(elementCount(layer.node.shape), layer, layer.inputs.length);
}

function* valueByValue(
  values: number,
  { inputLanes, outputLanes }: LayerLanes,
  inputs: number,
): Generator<number, void> {
  const chunk = greatestCommonDivisor(inputLanes, outputLanes);
  for (let value = 0; value < values; value += chunk) {
    if (value % inputLanes === 0) for (let input = 0; input < inputs; input++) yield input;
    if ((value + chunk) % outputLanes === 0) yield write;
  }
}

/** All words of every input, then all words of the output. */
function* globally({ node, inputs, inputLanes, outputLanes }: Layer): Generator<number, void> {
  for (const [input, shape] of inputs.entries()) yield* repeat(input, elementCount(shape) / inputLanes);
  yield* repeat(write, elementCount(node.shape) / outputLanes);
}

function* positionByPosition({ node, inputs, inputLanes, outputLanes }: Layer): Generator<number, void> {
  const channels = channelCount(node.shape);
  for (let position = elementCount(node.shape) / channels; position > 0; position--) {
    yield* repeat(0, channelCount(inputs[0]) / inputLanes);
    yield* repeat(write, channels / outputLanes);
  }
}

function* argmax({ node, inputs, inputLanes, outputLanes }: Layer): Generator<number, void> {
  for (let position = 1; position <= elementCount(node.shape); position++) {
    yield* repeat(0, channelCount(inputs[0]) / inputLanes);
    if (position % outputLanes === 0) yield write;
  }
}

function concatenate(layer: Layer): TokenActions {
  const { axis } = operations.concatenate.attributes.parse(layer.node.attributes);
  return axis === layer.node.shape.length - 1 ? concatenateChannels(layer) : globally(layer);
}

function* concatenateChannels({ node, inputs, inputLanes, outputLanes }: Layer): Generator<number, void> {
  const chunk = greatestCommonDivisor(inputLanes, outputLanes);
  let outputLane = 0;
  for (let position = elementCount(node.shape) / channelCount(node.shape); position > 0; position--) {
    for (const [input, shape] of inputs.entries()) {
      for (let channel = 0; channel < channelCount(shape); channel += chunk) {
        if (channel % inputLanes === 0) yield input;
        outputLane = (outputLane + chunk) % outputLanes;
        if (outputLane === 0) yield write;
      }
    }
  }
}

function conv2d(layer: Layer): TokenActions {
  const { strides, dilations, padding } = operations.conv2d.attributes.parse(layer.node.attributes);
  const kernel = layer.graph.tensors[layer.node.constants.weights].shape;
  const span = (axis: 0 | 1) => (kernel[axis] - 1) * dilations[axis] + 1;
  return windowByWindow(layer, slidingWindow([span(0), span(1)], strides, padding));
}

function conv2dTranspose(layer: Layer): TokenActions {
  const { strides, cropping } = operations['conv2d-transpose'].attributes.parse(layer.node.attributes);
  return windowByWindow(layer, (axis, output) => Math.floor((output + cropping[axis]) / strides[axis]) + 1);
}

function pooling(layer: Layer): TokenActions {
  const { attributes, operation } = layer.node;
  const { poolSize, strides, padding } =
    operations[operation as 'average-pooling2d' | 'max-pooling2d'].attributes.parse(attributes);
  return windowByWindow(layer, slidingWindow(poolSize, strides, padding));
}

/** Where a window ends in the image, for an output row (axis 0) or column (axis 1). */
type WindowEnd = (axis: 0 | 1, output: number) => number;

function slidingWindow(span: Pair, strides: Pair, padding: Padding): WindowEnd {
  return (axis, output) => output * strides[axis] - padding[2 * axis] + span[axis];
}

function zeroPadding(layer: Layer): TokenActions {
  const { padding } = operations['zero-padding2d'].attributes.parse(layer.node.attributes);
  const [height, width] = layer.inputs[0];
  const [top, , left] = padding;
  return pixelByPixel(layer, (row, column) => {
    return row >= top && row < top + height && column >= left && column < left + width;
  });
}

function upSampling(layer: Layer): TokenActions {
  const { size } = operations['up-sampling2d'].attributes.parse(layer.node.attributes);
  return pixelByPixel(layer, (row, column) => row % size[0] === 0 && column % size[1] === 0);
}

/** Writes every pixel of the result; reads a pixel alongside for some of them. */
function* pixelByPixel(
  { node, inputLanes, outputLanes }: Layer,
  reads: (row: number, column: number) => boolean,
): Generator<number, void> {
  const [height, width, channels] = node.shape;
  const chunk = greatestCommonDivisor(inputLanes, outputLanes);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const isRead = reads(row, column);
      for (let channel = 0; channel < channels; channel += chunk) {
        if (isRead && channel % inputLanes === 0) yield 0;
        if ((channel + chunk) % outputLanes === 0) yield write;
      }
    }
  }
}

/** Reads up to the last pixel of a window that lies on the image, writes the window's result, reads the rest at the end. */
function* windowByWindow(
  { node, inputs, inputLanes, outputLanes }: Layer,
  windowEnd: WindowEnd,
): Generator<number, void> {
  const [height, width, channels] = inputs[0];
  const [outputHeight, outputWidth, outputChannels] = node.shape;
  let pixels = 0;
  for (let row = 0; row < outputHeight; row++) {
    for (let column = 0; column < outputWidth; column++) {
      const lastRow = Math.min(windowEnd(0, row), height) - 1;
      const lastColumn = Math.min(windowEnd(1, column), width) - 1;
      const needed = lastRow >= 0 && lastColumn >= 0 ? lastRow * width + lastColumn + 1 : 0;
      for (; pixels < needed; pixels++) yield* repeat(0, channels / inputLanes);
      yield* repeat(write, outputChannels / outputLanes);
    }
  }
  for (; pixels < height * width; pixels++) yield* repeat(0, channels / inputLanes);
}
