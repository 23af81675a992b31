import { createLayers, tf } from 'qfx/autograd';
import type { ModelContext } from 'qfx/autograd';

type Tensor = tf.SymbolicTensor;
type LayerDefaults = Parameters<typeof createLayers>[0];

/** The layers that ResNet-8 is made of, of TensorFlow.js or of QFX. */
interface LayerFactory {
  input(options: { name: string; wordLength: number; binaryPoint: number }): tf.layers.Layer;
  conv2d(options: {
    name: string;
    filters: number;
    kernelSize: number;
    strides: number;
    padding: 'same';
    useBias: boolean;
  }): tf.layers.Layer;
  batchNormalization(options: { name: string; momentum: number }): tf.layers.Layer;
  relu(options: { name: string }): tf.layers.Layer;
  add(options: { name: string }): tf.layers.Layer;
  globalAveragePooling2d(options: { name: string }): tf.layers.Layer;
  dense(options: { name: string; units: number }): tf.layers.Layer;
}

/** What a network is built for. */
export type NetworkShape = Pick<ModelContext, 'shape' | 'classes'>;

/** ResNet-8 of fixed-point layers. */
export function fixedPointNetwork(context: NetworkShape, defaults: LayerDefaults): tf.LayersModel {
  return build(context, createLayers(defaults));
}

/** ResNet-8 of TensorFlow.js layers; they have the names of the fixed-point ones. */
export function floatNetwork(context: NetworkShape): tf.LayersModel {
  const { layers } = tf;
  return build(context, {
    ...layers,
    input: ({ name }) => layers.activation({ name, activation: 'linear' }),
    relu: (options) => layers.reLU(options),
  });
}

/** ResNet-8 of MLPerf Tiny: 16, 32 and 64 channels, BatchNorm, and shortcuts, with a 1x1 convolution where shapes change. */
function build({ shape, classes }: NetworkShape, layers: LayerFactory): tf.LayersModel {
  const convolution = (name: string, input: Tensor, filters: number, kernelSize: number, strides: number) => {
    const options = { filters, kernelSize, strides, padding: 'same', useBias: false } as const;
    const sums = layers.conv2d({ name: `${name}_conv`, ...options }).apply(input);
    return layers.batchNormalization({ name: `${name}_norm`, momentum: 0.9 }).apply(sums) as Tensor;
  };
  const relu = (name: string, input: Tensor) => layers.relu({ name: `${name}_relu` }).apply(input) as Tensor;

  const block = (name: string, input: Tensor, filters: number, strides: number) => {
    const first = relu(`${name}a`, convolution(`${name}a`, input, filters, 3, strides));
    const second = convolution(`${name}b`, first, filters, 3, 1);
    const shortcut = strides === 1 ? input : convolution(`${name}s`, input, filters, 1, strides);
    return relu(name, layers.add({ name: `${name}_add` }).apply([second, shortcut]) as Tensor);
  };

  const image = tf.input({ name: 'image', shape: [...shape] });
  const pixels = layers.input({ name: 'pixels', wordLength: 8, binaryPoint: 8 }).apply(image) as Tensor;
  const stem = relu('stem', convolution('stem', pixels, 16, 3, 1));
  const blocks = block('block3', block('block2', block('block1', stem, 16, 1), 32, 2), 64, 2);
  const pooled = layers.globalAveragePooling2d({ name: 'pool' }).apply(blocks);
  const logits = layers.dense({ name: 'classes', units: classes }).apply(pooled);
  return tf.model({ inputs: image, outputs: logits as Tensor, name: 'resnet8' });
}
