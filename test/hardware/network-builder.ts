import { buildGraph } from '../../src/qfx/graph/build.js';
import type { Graph, NodeSpecification } from '../../src/qfx/graph/graph.js';
import type { IntegerTensor } from '../../src/qfx/number/raw-array.js';
import { elementCount } from '../../src/qfx/number/shape.js';
import { averageReciprocals, poolingCounts } from '../../src/qfx/operations/pooling.js';
import { resolveTransposedPadding } from '../../src/qfx/operations/conv2d-transpose.js';
import { resolvePadding } from '../../src/qfx/operations/window.js';
import type { Padding, Pair } from '../../src/qfx/operations/window.js';

const type = { signed: true, wordLength: 8, binaryPoint: 4, rounding: 'AP_RND', overflow: 'AP_SAT' } as const;

interface Window {
  readonly size?: Pair;
  readonly strides?: Pair;
  readonly dilations?: Pair;
  readonly padding?: 'same' | 'valid' | Padding;
}

/** Builds graphs whose values don't matter, only what streams where. Every method returns the new node's name. */
export class NetworkBuilder {
  private readonly nodes: NodeSpecification[] = [];
  private readonly tensors: Record<string, IntegerTensor> = {};
  private readonly shapes = new Map<string, readonly number[]>();

  build(...outputs: string[]): Graph {
    return buildGraph({ name: 'network', nodes: this.nodes, tensors: this.tensors, outputs });
  }

  input(...shape: number[]): string {
    return this.addNode('input', [], shape, { attributes: { shape } });
  }

  conv2d(input: string, channels: number, window: Window & { groups?: number } = {}): string {
    const shape = this.shapes.get(input)!;
    const { size = [3, 3], groups = 1, dilations = [1, 1] } = window;
    const { strides, padding, outputs } = this.slide(input, { ...window, size });
    const weights = this.constant([...size, shape[2] / groups, channels]);
    const attributes = { strides: [...strides], dilations: [...dilations], padding: [...padding], groups };
    return this.addNode('conv2d', [input], [...outputs, channels], { attributes, constants: { weights } });
  }

  conv2dTranspose(input: string, channels: number, strides: Pair, padding: 'same' | 'valid'): string {
    const shape = this.shapes.get(input)!;
    const kernel = [3, 4] as const;
    const { size, cropping } = resolveTransposedPadding(padding, imageSize(shape), kernel, strides);
    const weights = this.constant([...kernel, shape[2], channels]);
    const attributes = { strides: [...strides], size: [...size], cropping: [...cropping] };
    return this.addNode('conv2d-transpose', [input], [...size, channels], { attributes, constants: { weights } });
  }

  maxPool(input: string, window: Window): string {
    const { outputs, channels, attributes } = this.poolingWindow(input, window);
    return this.addNode('max-pooling2d', [input], [...outputs, channels], { attributes });
  }

  averagePool(input: string, window: Window): string {
    const { outputs, channels, attributes, counts } = this.poolingWindow(input, window);
    const constants = { reciprocals: this.reciprocals(counts) };
    return this.addNode('average-pooling2d', [input], [...outputs, channels], {
      attributes: { ...attributes, counts },
      constants,
    });
  }

  globalPool(operation: 'global-max-pooling2d' | 'global-average-pooling2d', input: string): string {
    const [height, width, channels] = this.shapes.get(input)!;
    const average = operation === 'global-average-pooling2d';
    const constants: Record<string, string> = average ? { reciprocals: this.reciprocals([height * width]) } : {};
    return this.addNode(operation, [input], [channels], { constants });
  }

  dense(input: string, channels: number): string {
    const shape = this.shapes.get(input)!;
    const weights = this.constant([shape[shape.length - 1], channels]);
    return this.addNode('dense', [input], [...shape.slice(0, -1), channels], { constants: { weights } });
  }

  batchNormalization(input: string): string {
    const shape = this.shapes.get(input)!;
    const channels = shape[shape.length - 1];
    const constants = { scale: this.constant([channels]), offset: this.constant([channels]) };
    return this.addNode('batch-normalization', [input], shape, { constants });
  }

  relu(input: string): string {
    return this.addNode('relu', [input], this.shapes.get(input)!, {});
  }

  prelu(input: string): string {
    const shape = this.shapes.get(input)!;
    return this.addNode('prelu', [input], shape, { constants: { alpha: this.constant(shape.slice(-1)) } });
  }

  leakyRelu(input: string): string {
    const attributes = { alpha: { raw: '1', binaryPoint: 3 } };
    return this.addNode('leaky-relu', [input], this.shapes.get(input)!, { attributes });
  }

  zeroPadding(input: string, padding: Padding): string {
    const [height, width, channels] = this.shapes.get(input)!;
    const [top, bottom, left, right] = padding;
    const shape = [height + top + bottom, width + left + right, channels];
    return this.addNode('zero-padding2d', [input], shape, { attributes: { padding: [...padding] } });
  }

  upSampling(input: string, size: Pair): string {
    const [height, width, channels] = this.shapes.get(input)!;
    const shape = [height * size[0], width * size[1], channels];
    return this.addNode('up-sampling2d', [input], shape, { attributes: { size: [...size] } });
  }

  requantize(input: string): string {
    return this.addNode('requantize', [input], this.shapes.get(input)!, {});
  }

  add(...inputs: string[]): string {
    return this.addNode('add', inputs, this.shapes.get(inputs[0])!, {});
  }

  combine(operation: 'subtract' | 'multiply' | 'maximum' | 'minimum', first: string, second: string): string {
    return this.addNode(operation, [first, second], this.shapes.get(first)!, {});
  }

  concatenate(...inputs: string[]): string {
    const shapes = inputs.map((input) => this.shapes.get(input)!);
    const axis = shapes[0].length - 1;
    const channels = shapes.reduce((sum, shape) => sum + shape[axis], 0);
    return this.addNode('concatenate', inputs, [...shapes[0].slice(0, -1), channels], { attributes: { axis } });
  }

  flatten(input: string): string {
    return this.addNode('flatten', [input], [elementCount(this.shapes.get(input)!)], {});
  }

  reshape(input: string, ...shape: number[]): string {
    return this.addNode('reshape', [input], shape, { attributes: { shape } });
  }

  argmax(input: string): string {
    const shape = this.shapes.get(input)!;
    return this.addNode('argmax', [input], shape.length === 1 ? [1] : shape.slice(0, -1), { outputType: 'exact' });
  }

  /** A convolution with all weights 1, of signs; both its values and its weights are binary. */
  binaryConv2d(input: string, channels: number): string {
    const shape = this.shapes.get(input)!;
    const signs = this.addNode('sign', [input], shape, { outputType: 'exact' });
    const { strides, padding, outputs } = this.slide(signs, { size: [3, 2] });
    const attributes = { strides: [...strides], dilations: [1, 1], padding: [...padding], groups: 1 };
    const constants = { weights: this.ones([3, 2, shape[2], channels]) };
    return this.addNode('conv2d', [signs], [...outputs, channels], { attributes, constants });
  }

  /** The same of a vector. */
  binaryDense(input: string, channels: number): string {
    const signs = this.addNode('sign', [input], this.shapes.get(input)!, { outputType: 'exact' });
    const constants = { weights: this.ones([this.shapes.get(input)![0], channels]) };
    return this.addNode('dense', [signs], [channels], { constants });
  }

  softmax(input: string): string {
    const table = (shape: readonly number[]) => this.unsigned(shape, 4);
    return this.addNode('softmax', [input], this.shapes.get(input)!, {
      constants: { exponentials: table([9]), reciprocals: table([8]) },
    });
  }

  /** Of a value with the builder's own type. */
  table(input: string): string {
    const constants = { table: this.unsigned([2 ** type.wordLength], 6) };
    return this.addNode('table', [input], this.shapes.get(input)!, { constants });
  }

  private slide(input: string, window: Window & { size: Pair }) {
    const image = imageSize(this.shapes.get(input)!);
    const { size, strides = [1, 1], dilations = [1, 1] } = window;
    const padding = resolvePadding(window.padding ?? 'same', image, size, strides, dilations);
    const along = (axis: 0 | 1) => {
      const reach = (size[axis] - 1) * dilations[axis] + 1;
      return Math.floor((image[axis] + padding[2 * axis] + padding[2 * axis + 1] - reach) / strides[axis]) + 1;
    };
    return { strides, padding, outputs: [along(0), along(1)] };
  }

  private poolingWindow(input: string, window: Window) {
    const shape = this.shapes.get(input)!;
    const { size = [2, 2] } = window;
    const { strides, padding, outputs } = this.slide(input, { ...window, size });
    return {
      outputs,
      channels: shape[2],
      attributes: { poolSize: [...size], strides: [...strides], padding: [...padding] },
      counts: poolingCounts(imageSize(shape), size, strides, padding),
    };
  }

  private reciprocals(counts: readonly number[]): string {
    const name = `tensor${Object.keys(this.tensors).length}`;
    this.tensors[name] = averageReciprocals(counts, 8);
    return name;
  }

  private ones(shape: readonly number[]): string {
    const name = `tensor${Object.keys(this.tensors).length}`;
    const raw = new Float64Array(elementCount(shape)).fill(1);
    this.tensors[name] = { shape, format: { signed: true, wordLength: 2, binaryPoint: 1 }, raw };
    return name;
  }

  /** Falling from the largest. */
  private unsigned(shape: readonly number[], wordLength: number): string {
    const name = `tensor${Object.keys(this.tensors).length}`;
    const size = 2 ** wordLength;
    const raw = Float64Array.from({ length: elementCount(shape) }, (_, index) => size - 1 - (index % size));
    this.tensors[name] = { shape, format: { signed: false, wordLength, binaryPoint: 3 }, raw };
    return name;
  }

  private constant(shape: readonly number[]): string {
    const name = `tensor${Object.keys(this.tensors).length}`;
    const raw = Float64Array.from({ length: elementCount(shape) }, (_, index) => (index % 7) - 3);
    this.tensors[name] = { shape, format: { signed: true, wordLength: 4, binaryPoint: 3 }, raw };
    return name;
  }

  private addNode(
    operation: string,
    inputs: string[],
    shape: readonly number[],
    { attributes = {}, constants = {}, outputType = type }: Partial<NodeSpecification>,
  ): string {
    const name = `${operation}${this.nodes.length}`;
    this.nodes.push({ name, operation, inputs, attributes, constants, outputType });
    this.shapes.set(name, shape);
    return name;
  }
}

function imageSize(shape: readonly number[]): Pair {
  return [shape[0], shape[1]];
}

/** MLPerf Tiny's ResNet-8: 16, 32 and 64 channels, the second and third block halve the image. */
export function resnet8(side: number): Graph {
  const network = new NetworkBuilder();
  const normalized = (input: string, channels: number, strides: Pair, size: Pair = [3, 3]) =>
    network.batchNormalization(network.conv2d(input, channels, { size, strides }));
  let x = network.relu(normalized(network.input(side, side, 3), 16, [1, 1]));
  for (const [channels, stride] of [
    [16, 1],
    [32, 2],
    [64, 2],
  ]) {
    const inner = network.relu(normalized(x, channels, [stride, stride]));
    const shortcut = stride === 1 ? x : network.conv2d(x, channels, { size: [1, 1], strides: [stride, stride] });
    x = network.relu(network.add(normalized(inner, channels, [1, 1]), shortcut));
  }
  return network.build(network.dense(network.globalPool('global-average-pooling2d', x), 10));
}
