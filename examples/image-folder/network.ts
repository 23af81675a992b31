// A small CNN for photos of your own, in fixed point: PNG and JPEG files of any sizes, one folder a class.
//
//   photos/cat/*.jpg          or, where you have split them yourself,   photos/train/cat/*.jpg   photos/test/cat/*.jpg
//   photos/dog/*.png                                                    photos/train/dog/*.png   photos/test/dog/*.png
//
//   npx qfx train network.ts                          # with this file beside photos/
//   npx qfx train network.ts --data <other folder>    # of the same layout
//   npx qfx eval out/image-folder/model.safetensors
//   npx qfx export-hls out/image-folder/model.safetensors --out hls && npx qfx csim hls --data photos
//
// Names and number of classes are those of the folders. Other kinds of data: docs/data.md.
import { defineRun } from 'qfx/autograd';
import { imageFolder } from 'qfx/data';

export default defineRun({
  name: 'image-folder',
  // All are brought to one size: the middle of a photo, scaled. Where nobody has split them, one in five of each class is for testing.
  data: imageFolder(new URL('photos', import.meta.url), { size: { height: 32, width: 32 } }),
  model: ({ tf, layers, shape, input, classes }) => {
    const bits = { wordLength: 6 };
    const q = layers({ weights: bits, bias: bits, scale: bits, offset: bits, activations: bits });
    /** Half of the rows and columns. BatchNorm's result is exact, the ReLU casts. */
    const stage = (name: string, filters: number) => [
      q.conv2d({ name: `${name}_conv`, filters, kernelSize: 3, padding: 'same', useBias: false }),
      q.maxPooling2d({ name: `${name}_pool`, poolSize: 2 }),
      q.batchNormalization({ name: `${name}_norm`, momentum: 0.9, output: 'exact' }),
      q.relu({ name: `${name}_relu` }),
    ];
    return tf.sequential({
      layers: [
        q.input({ name: 'pixels', inputShape: [...shape], ...input }),
        ...stage('stage1', 8),
        ...stage('stage2', 16),
        ...stage('stage3', 32),
        q.flatten({ name: 'flatten' }),
        q.dense({ name: 'classes', units: classes }),
      ],
    });
  },
  training: {
    epochs: 20,
    batchSize: 32,
    seed: 1,
    learningRate: { schedule: 'cosine', rate: 0.003 },
    augmentation: { crop: 2, flip: true }, // flip: false for letters, signs and whatever else a mirror changes
  },
});
