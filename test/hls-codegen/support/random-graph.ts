import fc from 'fast-check';
import {
  averageReciprocals,
  buildGraph,
  overflows,
  poolingCounts,
  resolvePadding,
  resolveTransposedPadding,
  roundings,
  spreadAt,
} from '../../../src/qfx/index.js';
import type {
  Graph,
  IntegerTensor,
  JsonObject,
  NodeSpecification,
  OperationName,
  Padding,
  Pair,
  TensorFormat,
  TensorType,
} from '../../../src/qfx/index.js';

/** Draws a value from an arbitrary, the way fast-check's `fc.gen()` does. */
type Draw = <Value>(arbitrary: fc.Arbitrary<Value>) => Value;

/** A draw that always gives the same values for one seed. */
export function seededDraw(seed: number): Draw {
  let state = seed;
  return (arbitrary) => fc.sample(arbitrary, { seed: (state = Math.imul(state, 1664525) + 1013904223), numRuns: 1 })[0];
}

/** Builds small random graphs step by step; every value drawn is one that HLS export takes. */
export class RandomGraph {
  private readonly nodes: NodeSpecification[] = [];
  protected readonly tensors: Record<string, IntegerTensor> = {};
  /** Longest word of a constant. */
  protected readonly constantBits: number = 6;
  private readonly shapes = new Map<string, readonly number[]>();
  private last = '';

  constructor(private readonly draw: Draw) {}

  integer(min: number, max: number): number {
    return this.draw(fc.integer({ min, max }));
  }

  pick<Value>(...values: Value[]): Value {
    return values[this.integer(0, values.length - 1)];
  }

  shape(name = this.last): readonly number[] {
    return this.shapes.get(name)!;
  }

  /** A type for values that are cast; wide and narrow, with all modes. */
  type(): TensorType {
    const signed = this.pick(true, false);
    const wordLength = this.integer(signed ? 2 : 1, 10);
    return {
      signed,
      wordLength,
      binaryPoint: this.integer(-1, wordLength + 1),
      rounding: this.pick(...roundings),
      overflow: this.pick(...overflows),
    };
  }

  /** A cast, or now and then the exact type: never twice in a row, lest the words grow without end. */
  private outputType(operation: OperationName): TensorType | 'exact' {
    const before = this.nodes.at(-1)?.outputType;
    return operation === 'input' || before === 'exact'
      ? this.type()
      : this.pick<TensorType | 'exact'>(this.type(), this.type(), 'exact');
  }

  tensor(shape: readonly number[], signed = this.pick(true, false)): string {
    const length = shape.reduce((product, size) => product * size, 1);
    const channels = shape[shape.length - 1];
    const wordLength = this.integer(1, this.constantBits);
    const point = () => this.integer(0, 6);
    const format: TensorFormat = this.pick<() => TensorFormat>(
      () => ({ signed, wordLength, binaryPoint: point() }),
      () => ({
        signed,
        wordLength,
        binaryPoint: { axis: shape.length - 1, values: Array.from({ length: channels }, point) },
      }),
      () => ({ signed, wordLength, binaryPoint: { elements: Array.from({ length }, point) } }),
      () => ({
        signed,
        wordLength: {
          axis: shape.length - 1,
          values: Array.from({ length: channels }, () => this.pick(0, wordLength)),
        },
        binaryPoint: point(),
      }),
    )();
    const widths = (index: number) => spreadAt(format.wordLength, shape, index);
    const raw = Float64Array.from({ length }, (_, index) => {
      const size = 2 ** widths(index);
      if (size === 1) return 0;
      return this.integer(signed ? -size / 2 : 0, (signed ? size / 2 : size) - 1);
    });
    const name = `tensor ${Object.keys(this.tensors).length}`;
    this.tensors[name] = { shape, format, raw };
    return name;
  }

  add(
    operation: OperationName,
    shape: readonly number[],
    rest: {
      inputs?: string[];
      attributes?: JsonObject;
      constants?: Record<string, string>;
      outputType?: TensorType | 'exact';
    } = {},
  ): string {
    const name = `${this.nodes.length} ${operation}`;
    this.nodes.push({
      name,
      operation,
      inputs: rest.inputs ?? (this.last === '' ? [] : [this.last]),
      attributes: rest.attributes,
      constants: rest.constants,
      outputType: rest.outputType ?? this.outputType(operation),
    });
    this.shapes.set(name, shape);
    this.last = name;
    return name;
  }

  input(): void {
    const shape = [this.integer(1, 6), this.integer(1, 6), this.pick(1, 2, 3, 4, 4, 6, 6)];
    this.add('input', shape, { attributes: { shape } });
  }

  conv2d(): void {
    const [height, width, channels] = this.shape();
    const groups = this.pick(1, 1, channels, ...[2, 3].filter((number) => channels % number === 0));
    const outputs = groups * this.integer(1, Math.max(1, Math.floor(6 / groups)));
    const kernel: Pair = [this.integer(1, 3), this.integer(1, 3)];
    const strides: Pair = [this.integer(1, 3), this.integer(1, 2)];
    const dilations: Pair = [this.integer(1, 2), this.integer(1, 2)];
    const explicit = () => [2, 3, 4, 2].map((most) => this.integer(2, most)) as unknown as Padding;
    const padding = resolvePadding(
      this.pick<'same' | Padding>('same', explicit()),
      [height, width],
      kernel,
      strides,
      dilations,
    );
    const size = (axis: 0 | 1) =>
      Math.floor(
        ([height, width][axis] + padding[2 * axis] + padding[2 * axis + 1] - (kernel[axis] - 1) * dilations[axis] - 1) /
          strides[axis],
      ) + 1;
    const constants: Record<string, string> = { weights: this.tensor([...kernel, channels / groups, outputs]) };
    if (this.pick(true, false)) constants.bias = this.tensor([outputs]);
    const attributes = { strides, dilations, padding, groups };
    this.add('conv2d', [size(0), size(1), outputs], { attributes: attributes as unknown as JsonObject, constants });
  }

  conv2dTranspose(): void {
    const [height, width, channels] = this.shape();
    const kernel: Pair = [this.integer(1, 4), this.integer(1, 3)];
    const strides: Pair = [this.integer(1, 2), this.integer(1, 3)];
    const place = resolveTransposedPadding(this.pick('same', 'valid'), [height, width], kernel, strides);
    const cropping = this.pick<Pair>(place.cropping, [this.integer(0, kernel[0] - 1), this.integer(0, kernel[1] - 1)]);
    const size = place.size.map((side, axis) => {
      const all = [height, width][axis] * strides[axis] + Math.max(kernel[axis] - strides[axis], 0) - cropping[axis];
      return Math.min(side, all);
    });
    const outputs = this.integer(1, 4);
    const constants: Record<string, string> = { weights: this.tensor([...kernel, channels, outputs]) };
    if (this.pick(true, false)) constants.bias = this.tensor([outputs]);
    const attributes = { strides, size, cropping } as unknown as JsonObject;
    this.add('conv2d-transpose', [...size, outputs], { attributes, constants });
  }

  pooling(operation: 'max-pooling2d' | 'average-pooling2d'): void {
    const [height, width, channels] = this.shape();
    const poolSize: Pair = [this.integer(1, Math.min(3, height)), this.integer(1, Math.min(3, width))];
    const strides: Pair = [this.integer(1, 3), this.integer(1, 3)];
    const padding = resolvePadding(this.pick<'same' | 'valid'>('same', 'valid'), [height, width], poolSize, strides);
    const size = (axis: 0 | 1) =>
      Math.floor(([height, width][axis] + padding[2 * axis] + padding[2 * axis + 1] - poolSize[axis]) / strides[axis]) +
      1;
    const shape = [size(0), size(1), channels];
    if (operation === 'max-pooling2d') {
      this.add(operation, shape, { attributes: { poolSize, strides, padding } as unknown as JsonObject });
      return;
    }
    const counts = poolingCounts([height, width], poolSize, strides, padding);
    const attributes = { poolSize, strides, padding, counts } as unknown as JsonObject;
    this.add(operation, shape, { attributes, constants: { reciprocals: this.reciprocals(counts) } });
  }

  reciprocals(counts: readonly number[]): string {
    const name = `tensor ${Object.keys(this.tensors).length}`;
    this.tensors[name] = averageReciprocals(counts, this.integer(4, 12));
    return name;
  }

  batchNormalization(): void {
    const channels = this.shape()[this.shape().length - 1];
    const constants = { scale: this.tensor([channels]), offset: this.tensor([channels]) };
    this.add('batch-normalization', this.shape(), { constants });
  }

  relu(): void {
    const maximum = { raw: String(this.integer(1, 40)), binaryPoint: this.integer(0, 4) };
    this.add('relu', this.shape(), { attributes: this.pick<JsonObject>({}, { maximum }) });
  }

  prelu(): void {
    this.add('prelu', this.shape(), { constants: { alpha: this.tensor(this.shape().slice(-1)) } });
  }

  leakyRelu(): void {
    const alpha = { raw: String(this.pick(1, 2, this.integer(1, 20))), binaryPoint: this.integer(-2, 5) };
    this.add('leaky-relu', this.shape(), { attributes: { alpha } });
  }

  zeroPadding2d(): void {
    const [height, width, channels] = this.shape();
    const [top, bottom, left, right] = [1, 2, 0, 1].map((most) => this.integer(0, most));
    const attributes = { padding: [top, bottom, left, right] };
    this.add('zero-padding2d', [height + top + bottom, width + left + right, channels], { attributes });
  }

  upSampling2d(): void {
    const [height, width, channels] = this.shape();
    const size = this.pick([1, 2], [2, 1], [2, 2]);
    this.add('up-sampling2d', [height * size[0], width * size[1], channels], { attributes: { size } });
  }

  requantize(): void {
    this.add('requantize', this.shape());
  }

  /** Adds an earlier value of the same shape; itself where there is no other. */
  addEarlier(): void {
    this.add('add', this.shape(), { inputs: [this.last, this.earlier(), ...this.pick([], [this.earlier()])] });
  }

  /** Combines the last value with an earlier one of the same shape, in either order. */
  combineEarlier(operation: 'subtract' | 'multiply' | 'maximum' | 'minimum'): void {
    const { last } = this;
    const other = this.earlier();
    this.add(operation, this.shape(), { inputs: this.pick([last, other], [other, last]) });
  }

  /** The last value, or an earlier one of its shape. */
  private earlier(): string {
    return this.pick(
      ...[...this.shapes].filter(([, shape]) => String(shape) === String(this.shape())).map(([name]) => name),
    );
  }

  /** Joins an earlier image of the same size. */
  concatenate(): void {
    const [height, width] = this.shape();
    const same = [...this.shapes].filter(
      ([, shape]) => shape.length === 3 && shape[0] === height && shape[1] === width,
    );
    const [name, other] = this.pick(...same);
    const inputs = this.pick([this.last, name], [name, this.last]);
    const shape = [height, width, this.shape()[2] + other[2]];
    this.add('concatenate', shape, { inputs, attributes: { axis: 2 } });
  }

  reshape(): void {
    const [height, width, channels] = this.shape();
    const shape = this.pick([width, height, channels], [height * width, 1, channels], [1, height, width * channels]);
    this.add('reshape', shape, { attributes: { shape } });
  }

  flatten(): void {
    this.add('flatten', [this.shape().reduce((product, size) => product * size, 1)]);
  }

  globalPooling(operation: 'global-max-pooling2d' | 'global-average-pooling2d'): void {
    const [height, width, channels] = this.shape();
    const constants: Record<string, string> = {};
    if (operation === 'global-average-pooling2d') constants.reciprocals = this.reciprocals([height * width]);
    this.add(operation, [channels], { constants });
  }

  dense(): void {
    const outputs = this.integer(1, 6);
    const [inputs] = this.shape().slice(-1);
    const constants: Record<string, string> = { weights: this.tensor([inputs, outputs]) };
    if (this.pick(true, false)) constants.bias = this.tensor([outputs]);
    this.add('dense', [...this.shape().slice(0, -1), outputs], { constants });
  }

  argmax(): void {
    const shape = this.shape();
    const outputType = {
      signed: false,
      wordLength: 4,
      binaryPoint: 0,
      rounding: 'AP_TRN',
      overflow: 'AP_WRAP',
    } as const;
    this.add('argmax', shape.length === 1 ? [1] : shape.slice(0, -1), { outputType });
  }

  /** A cast to a type that a table takes, and a table. */
  table(): void {
    const shape = this.shape();
    const input = this.type();
    this.add('requantize', shape, { outputType: input });
    const signed = this.pick(true, false);
    const format = { signed, wordLength: this.integer(0, 9), binaryPoint: this.integer(-1, 9) };
    const length = 2 ** (input.wordLength as number);
    const size = 2 ** format.wordLength;
    const raw = Float64Array.from({ length }, () =>
      format.wordLength === 0 ? 0 : this.integer(signed ? -size / 2 : 0, (signed ? size / 2 : size) - 1),
    );
    const name = `tensor ${Object.keys(this.tensors).length}`;
    this.tensors[name] = { shape: [length], format, raw };
    this.add('table', shape, { constants: { table: name } });
  }

  /** A cast to a type that a softmax takes, and a softmax with any tables. */
  softmax(): void {
    const shape = this.shape();
    this.add('requantize', shape, { outputType: this.type() });
    const table = (length: number, wordLength: number, first: number) => {
      const size = 2 ** wordLength - 1;
      const raw = Float64Array.from({ length }, (_, index) => (index === 0 ? size * first : this.integer(0, size)));
      const name = `tensor ${Object.keys(this.tensors).length}`;
      this.tensors[name] = { shape: [length], format: { signed: false, wordLength, binaryPoint: wordLength }, raw };
      return name;
    };
    const exponentials = table(this.integer(1, 40), this.integer(1, 12), 1);
    const reciprocals = table(2 ** this.integer(0, 6), this.integer(1, 10), this.integer(0, 1));
    this.add('softmax', shape, { constants: { exponentials, reciprocals } });
  }

  /** Signs, and a convolution of them with weights of 1 and -1. */
  binaryConv2d(): void {
    this.add('sign', this.shape(), { outputType: 'exact' });
    this.signedConv2d();
  }

  /** Values of one or two bits, and a convolution of them with weights of 1 and -1. */
  bitPlaneConv2d(): void {
    const signed = this.pick(true, false);
    const outputType = { ...this.type(), signed, wordLength: this.integer(1, 2), binaryPoint: this.integer(-1, 2) };
    this.add('requantize', this.shape(), { outputType: { ...outputType, overflow: 'AP_SAT' } });
    this.signedConv2d();
  }

  private signedConv2d(): void {
    const [height, width, channels] = this.shape();
    const outputs = this.integer(1, 6);
    const kernel: Pair = [this.integer(1, 3), this.integer(1, 3)];
    const padding = resolvePadding('same', [height, width], kernel, [1, 1]);
    const attributes = { strides: [1, 1], dilations: [1, 1], padding, groups: 1 } as unknown as JsonObject;
    this.add('conv2d', [height, width, outputs], {
      attributes,
      constants: { weights: this.signs([...kernel, channels, outputs]), bias: this.tensor([outputs]) },
    });
  }

  /** Signs of a vector, and a dense layer of them with weights of 1 and -1. */
  binaryDense(): void {
    this.add('sign', this.shape(), { outputType: 'exact' });
    this.add('flatten', [this.shape().reduce((product, size) => product * size, 1)], { outputType: 'exact' });
    const outputs = this.integer(1, 6);
    this.add('dense', [outputs], { constants: { weights: this.signs([this.shape()[0], outputs]) } });
  }

  private signs(shape: readonly number[]): string {
    const length = shape.reduce((product, size) => product * size, 1);
    const axis = shape.length - 1;
    const binaryPoint = this.pick<TensorFormat['binaryPoint']>(this.integer(-2, 4), {
      axis,
      values: Array.from({ length: shape[axis] }, () => this.integer(0, 4)),
    });
    const name = `tensor ${Object.keys(this.tensors).length}`;
    const raw = Float64Array.from({ length }, () => this.pick(-1, 1));
    this.tensors[name] = { shape, format: { signed: true, wordLength: 2, binaryPoint }, raw };
    return name;
  }

  /** Adds layers whose result nothing reads: what comes next reads what came before. */
  aside(layers: () => void): void {
    const { last } = this;
    layers();
    this.last = last;
  }

  /** The finished graph: every value that nothing reads is an output. */
  build(name: string): Graph {
    const read = new Set(this.nodes.flatMap((node) => node.inputs));
    const outputs = this.nodes.map((node) => node.name).filter((node) => !read.has(node));
    return buildGraph({ name, nodes: this.nodes, outputs, tensors: this.tensors });
  }
}

/** A graph of an image, every kind of layer on images in a random order, a head, a dense layer, and an argmax somewhere. */
export function randomGraph(draw: Draw, graph = new RandomGraph(draw)): Graph {
  graph.input();
  const steps = draw(
    fc.shuffledSubarray(
      [
        () => graph.conv2d(),
        () => graph.pooling('max-pooling2d'),
        () => graph.pooling('average-pooling2d'),
        () => graph.batchNormalization(),
        () => graph.relu(),
        () => graph.requantize(),
        () => graph.addEarlier(),
        () => graph.concatenate(),
        () => graph.reshape(),
        () => graph.combineEarlier('subtract'),
        () => graph.combineEarlier('multiply'),
        () => graph.combineEarlier('maximum'),
        () => graph.combineEarlier('minimum'),
        () => graph.prelu(),
        () => graph.leakyRelu(),
        () => graph.zeroPadding2d(),
        () => graph.upSampling2d(),
        () => graph.dense(),
      ],
      { minLength: 18 },
    ),
  );
  for (const step of steps) step();
  const argmaxOnImage = graph.pick(true, false);
  if (argmaxOnImage) graph.aside(() => graph.argmax());
  graph.pick(
    () => graph.flatten(),
    () => graph.globalPooling('global-max-pooling2d'),
    () => graph.globalPooling('global-average-pooling2d'),
  )();
  graph.dense();
  if (!argmaxOnImage) graph.argmax();
  return graph.build('random');
}

/** Operations that graphs of functions have, and the others do not. */
export const functionOperations: readonly string[] = [
  'table',
  'softmax',
  'sign',
  'conv2d-transpose',
] satisfies OperationName[];

/** A graph of an image and functions of its values, in a random order. */
export function functionGraph(draw: Draw, graph = new RandomGraph(draw)): Graph {
  graph.input();
  const steps = [
    () => graph.table(),
    () => graph.softmax(),
    () => graph.binaryConv2d(),
    () => graph.bitPlaneConv2d(),
    () => graph.conv2d(),
    () => graph.conv2dTranspose(),
    () => graph.relu(),
  ];
  for (const step of draw(fc.shuffledSubarray(steps, { minLength: steps.length }))) step();
  graph.binaryDense();
  return graph.build('functions');
}
