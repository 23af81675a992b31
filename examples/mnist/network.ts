// The small network of the demos: three convolutions with BatchNorm, one of them with a shortcut, and a dense layer.
import type { LayerDefaults, ModelContext, tf as TensorFlow } from 'qfx/autograd';

/** @param quantizers how its tensors are quantized, by what they are for */
export function demoNetwork(
  { tf, layers, shape, classes }: ModelContext,
  quantizers: LayerDefaults,
): TensorFlow.LayersModel {
  const q = layers(quantizers);
  const convolution = { kernelSize: 3, padding: 'same', useBias: false } as const;
  // What only feeds a ReLU passes on exactly: the ReLU makes the one cast.
  const norm = (name: string) => q.batchNormalization({ name, momentum: 0.9, output: 'exact' });

  const image = tf.input({ shape: [...shape] });
  const pixels = q.input({ name: 'pixels', wordLength: 8, binaryPoint: 8 }).apply(image);

  const conv1 = q.conv2d({ ...convolution, name: 'conv1', filters: 8, kernelSize: 5, strides: 2 }).apply(pixels);
  const relu1 = q.relu({ name: 'relu1' }).apply(norm('norm1').apply(conv1));

  const conv2 = q.conv2d({ ...convolution, name: 'conv2', filters: 16 }).apply(relu1);
  const pool2 = q.maxPooling2d({ name: 'pool2', poolSize: 2 }).apply(conv2);
  const relu2 = q.relu({ name: 'relu2' }).apply(norm('norm2').apply(pool2));

  const conv3 = q.conv2d({ ...convolution, name: 'conv3', filters: 16 }).apply(relu2);
  const sum = q
    .add({ name: 'shortcut', output: 'exact' })
    .apply([norm('norm3').apply(conv3), relu2] as TensorFlow.SymbolicTensor[]);
  const relu3 = q.relu({ name: 'relu3' }).apply(sum);

  const flat = q.flatten({ name: 'flatten' }).apply(relu3);
  const logits = q.dense({ name: 'classes', units: classes }).apply(flat);
  return tf.model({ inputs: image, outputs: logits as TensorFlow.SymbolicTensor });
}
