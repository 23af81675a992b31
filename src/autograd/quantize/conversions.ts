import type { Layers } from '../layers/index.js';
import { shortestFixedPoint } from '../layers/reals.js';
import type { FloatLayer, FloatTensor } from './float-model.js';

/** A layer of `createLayers`. */
export type StepKind = Exclude<keyof Layers, 'input'>;

/** A layer that takes a float layer's place, or a part of it. */
export interface Step {
  readonly kind: StepKind;
  /** Options of its factory, without quantizers. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** By the names that the new layer's weights have. */
  readonly weights?: Readonly<Record<string, FloatTensor>>;
}

/** Most bits of a slope that is multiplied with as it is; a longer one is quantized. */
const longestSlope = 8;

/** What becomes of a layer, none for one that does nothing in inference; a text says why it cannot be converted. */
type Conversion = (layer: FloatLayer) => readonly Step[] | string;

/** How layers of TensorFlow.js are converted, by class. */
export const conversions: Readonly<Record<string, Conversion>> = {
  Dense: (layer) => {
    const { units, useBias } = layer.config;
    return weighted(layer, { kind: 'dense', options: { units, useBias }, weights: layer.weights });
  },
  Conv2D: (layer) =>
    convolution(layer, { kind: 'conv2d', options: { filters: layer.config.filters }, weights: layer.weights }),
  Conv2DTranspose: (layer) => {
    const { kernel, ...others } = layer.weights;
    const dilations = pair(layer.config.dilationRate);
    if (String(dilations) !== '1,1') return `dilationRate ${String(dilations)}, allowed: 1`;
    const { filters, kernelSize, strides, padding, useBias } = layer.config;
    const options = { filters, kernelSize, strides: pair(strides), padding, useBias };
    const weights = { kernel: outputsLast(kernel), ...others };
    const steps = weighted(layer, { kind: 'conv2dTranspose', options, weights });
    return typeof steps === 'string' ? steps : channelsLast(layer, steps);
  },
  DepthwiseConv2D: (layer) => {
    const { depthwise_kernel: kernel, ...others } = layer.weights;
    const [height, width, channels, multiplier] = kernel.shape;
    const dilations = pair(layer.config.dilationRate);
    // The tensor library takes the option and does not dilate.
    if (String(dilations) !== '1,1') return `dilationRate ${String(dilations)}, allowed: 1`;
    // Output channel c * multiplier + m belongs to input channel c, in both orders.
    const flat = { shape: [height, width, 1, channels * multiplier], values: kernel.values };
    const options = { depthMultiplier: multiplier };
    return convolution(layer, { kind: 'depthwiseConv2d', options, weights: { kernel: flat, ...others } });
  },
  BatchNormalization: ({ config, inputShapes: [shape], weights }) => {
    const { axis, epsilon, momentum } = config;
    if (axis !== -1 && axis !== shape.length) return `axis ${String(axis)}, allowed: the last one`;
    return [{ kind: 'batchNormalization', options: { epsilon, momentum }, weights }];
  },
  Activation: ({ config }) => activation(config.activation),
  ReLU: ({ config: { maxValue } }) => [relu(maxValue)],
  Softmax: ({ config: { axis }, inputShapes: [shape] }) =>
    axis === -1 || axis === shape.length ? [{ kind: 'softmax' }] : `axis ${String(axis)}, allowed: the last one`,
  LeakyReLU: ({ config: { alpha }, inputShapes: [shape] }) => leaky(alpha as number, shape.at(-1)),
  PReLU: ({ weights: { alpha } }) => {
    const isPerChannel = alpha.shape.slice(0, -1).every((size) => size === 1);
    return isPerChannel
      ? [{ kind: 'prelu', weights: { alpha } }]
      : `slopes of shape [${alpha.shape.join(', ')}], allowed: one a channel, with sharedAxes for all others`;
  },
  Add: (layer) => elementWise(layer, 'add'),
  Multiply: (layer) => ofTwo(layer, 'multiply'),
  Maximum: (layer) => ofTwo(layer, 'maximum'),
  Minimum: (layer) => ofTwo(layer, 'minimum'),
  Concatenate: ({ config, inputShapes: [shape] }) => {
    const axis = config.axis as number;
    const own = axis < 0 ? shape.length + axis : axis - 1;
    return own >= 0 ? [{ kind: 'concatenate', options: { axis: own } }] : 'axis 0, allowed: any but the batch';
  },
  MaxPooling2D: (layer) => pooling(layer, 'maxPooling2d'),
  AveragePooling2D: (layer) => pooling(layer, 'averagePooling2d'),
  GlobalMaxPooling2D: (layer) => channelsLast(layer, [{ kind: 'globalMaxPooling2d' }]),
  GlobalAveragePooling2D: (layer) => channelsLast(layer, [{ kind: 'globalAveragePooling2d' }]),
  Flatten: (layer) => channelsLast(layer, [{ kind: 'flatten' }]),
  Reshape: ({ outputShape: targetShape }) => [{ kind: 'reshape', options: { targetShape } }],
  Dropout: () => [],
  Rescaling: ({ config, inputShapes: [shape] }) => {
    const channels = shape[2];
    if (shape.length !== 3 || channels === null)
      return `input of shape [${shape.join(', ')}], allowed: [height, width, channels]`;
    // A layer of its own and no BatchNorm: its numbers are not statistics that anybody may measure again.
    const filled = (value: unknown) => new Float32Array(channels).fill(value as number);
    const kernel = { shape: [1, 1, 1, channels], values: filled(config.scale) };
    const bias = { shape: [channels], values: filled(config.offset) };
    return [{ kind: 'depthwiseConv2d', options: { kernelSize: 1 }, weights: { kernel, bias } }];
  },
  UpSampling2D: (layer) => {
    const { size, interpolation } = layer.config;
    return interpolation === undefined || interpolation === 'nearest'
      ? channelsLast(layer, [{ kind: 'upSampling2d', options: { size } }])
      : `interpolation ${String(interpolation)}, allowed: nearest`;
  },
  ZeroPadding2D: (layer) => {
    const [[top, bottom], [left, right]] = layer.config.padding as [[number, number], [number, number]];
    return channelsLast(layer, [{ kind: 'zeroPadding2d', options: { padding: [top, bottom, left, right] } }]);
  },
};

function convolution(layer: FloatLayer, { options, ...step }: Step): readonly Step[] | string {
  const { kernelSize, strides, padding, dilationRate: dilations, useBias } = layer.config;
  const window = { kernelSize, strides: pair(strides), padding, dilations: pair(dilations), useBias };
  const steps = weighted(layer, { ...step, options: { ...options, ...window } });
  return typeof steps === 'string' ? steps : channelsLast(layer, steps);
}

/** [height, width, outputs, inputs], as the tensor library keeps the kernel of a transposed convolution, with its outputs last. */
function outputsLast({ shape: [height, width, outputs, inputs], values }: FloatTensor): FloatTensor {
  const turned = new Float32Array(values.length);
  for (let index = 0; index < turned.length; index++) {
    const [tap, at] = [Math.floor(index / (inputs * outputs)), index % (inputs * outputs)];
    turned[index] = values[(tap * outputs + (at % outputs)) * inputs + Math.floor(at / outputs)];
  }
  return { shape: [height, width, inputs, outputs], values: turned };
}

/** The tensor library's `1` or `[1]` for `[1, 1]`. */
function pair(sizes: unknown): unknown {
  const list = Array.isArray(sizes) ? sizes : [sizes ?? 1];
  return list.length === 1 ? [list[0], list[0]] : list;
}

function pooling(layer: FloatLayer, kind: StepKind): readonly Step[] | string {
  const { poolSize, strides, padding } = layer.config;
  return channelsLast(layer, [{ kind, options: { poolSize, strides, padding } }]);
}

function channelsLast({ config: { dataFormat } }: FloatLayer, steps: readonly Step[]): readonly Step[] | string {
  if (dataFormat === undefined || dataFormat === null || dataFormat === 'channelsLast') return steps;
  return `dataFormat ${String(dataFormat)}, allowed: channelsLast`;
}

/** A layer of sums and the activation that it has inside. */
function weighted({ config }: FloatLayer, step: Step): readonly Step[] | string {
  const after = activation(config.activation);
  return typeof after === 'string' ? after : [step, ...after];
}

/** By the tensor library's names. */
const activations: Readonly<Record<string, readonly Step[]>> = {
  linear: [],
  relu: [relu()],
  relu6: [relu(6)],
  sigmoid: [{ kind: 'sigmoid' }],
  tanh: [{ kind: 'tanh' }],
  swish: [{ kind: 'silu' }],
  gelu: [{ kind: 'gelu' }],
  softmax: [{ kind: 'softmax' }],
};

function activation(name: unknown): readonly Step[] | string {
  const known = String(name ?? 'linear');
  if (Object.hasOwn(activations, known)) return activations[known];
  return `activation ${known}, allowed: ${Object.keys(activations).join(', ')}`;
}

/** A short slope is a constant of the layer, a power of two costs no multiplication. */
function leaky(alpha: number, channels: number | null | undefined): readonly Step[] | string {
  if (alpha === 0) return [relu()];
  const slope = Math.fround(alpha);
  const { raw } = shortestFixedPoint(slope);
  if (raw > 0n && raw.toString(2).length <= longestSlope) return [{ kind: 'leakyRelu', options: { alpha: slope } }];
  if (typeof channels !== 'number') return 'a last axis of unknown size';
  const values = new Float32Array(channels).fill(slope);
  return [{ kind: 'prelu', weights: { alpha: { shape: [channels], values } } }];
}

function ofTwo(layer: FloatLayer, kind: StepKind): readonly Step[] | string {
  const { length } = layer.inputs;
  return length === 2 ? elementWise(layer, kind) : `${length} inputs, allowed: two`;
}

function elementWise({ inputShapes }: FloatLayer, kind: StepKind): readonly Step[] | string {
  const shapes = inputShapes.map((shape) => `[${shape.join(', ')}]`);
  return new Set(shapes).size === 1 ? [{ kind }] : `inputs of shapes ${shapes.join(', ')}, allowed: equal ones`;
}

function relu(maximum?: unknown): Step {
  return { kind: 'relu', options: typeof maximum === 'number' ? { maximum } : {} };
}
