import { describe, expect, it } from 'vitest';
import { createLayers, tf } from '../../../src/autograd/index.js';
import { describeLayer } from './contract.js';
import type { Random } from './random.js';

const image = (random: Random) => [random.integer(1, 4), random.integer(1, 4), random.integer(1, 5)];

describeLayer({
  kind: 'flatten',
  sample: (layers, random) => ({ layer: layers.flatten(), inputShapes: [image(random)] }),
});

describeLayer({
  kind: 'reshape',
  options: { targetShape: [1] },
  sample: (layers, random) => {
    const [height, width, channels] = image(random);
    const targetShape = random.pick([
      [height * width, channels],
      [channels, width, height],
      [height * width * channels],
    ]);
    return { layer: layers.reshape({ targetShape }), inputShapes: [[height, width, channels]] };
  },
});

describeLayer({
  kind: 'zeroPadding2d',
  sample: (layers, random) => {
    const amount = () => random.integer(0, 2);
    const four: [number, number, number, number] = [amount(), amount(), amount(), amount()];
    const padding = random.next() < 0.3 ? amount() : four;
    return { layer: layers.zeroPadding2d({ padding }), inputShapes: [image(random)] };
  },
});

describeLayer({
  kind: 'upSampling2d',
  sample: (layers, random) => {
    const size = random.next() < 0.3 ? 2 : ([random.integer(1, 3), random.integer(1, 3)] as [number, number]);
    return { layer: layers.upSampling2d({ size }), inputShapes: [image(random)] };
  },
});

describe('upSampling2d', () => {
  it('gives the gradient of a pixel the sum over its copies', () => {
    const layer = createLayers().upSampling2d({ size: [2, 3] });
    const x = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
    const y = layer.apply(x, { training: true }) as tf.Tensor;
    expect(y.arraySync()).toEqual(
      [
        [1, 1, 1, 2, 2, 2],
        [1, 1, 1, 2, 2, 2],
        [3, 3, 3, 4, 4, 4],
        [3, 3, 3, 4, 4, 4],
      ].reduce<number[][][][]>(([rows], row) => [[...rows, row.map((value) => [value])]], [[]]),
    );
    const weights = tf.range(0, 24).reshape([1, 4, 6, 1]);
    const gradient = tf.grad((z) => (layer.apply(z, { training: true }) as tf.Tensor).mul(weights))(x);
    expect(Array.from(gradient.dataSync())).toEqual([24, 42, 96, 114]);
  });
});

describeLayer({
  kind: 'concatenate',
  trials: 16,
  sample: (layers, random) => {
    const first = image(random);
    const axis = random.integer(0, 2);
    const others = Array.from({ length: random.integer(1, 2) }, () =>
      first.map((size, index) => (index === axis ? random.integer(1, 4) : size)),
    );
    return {
      layer: layers.concatenate(axis === 2 && random.next() < 0.5 ? {} : { axis }),
      inputShapes: [first, ...others],
    };
  },
});

describeLayer({
  kind: 'argmax',
  isFixed: true,
  sample: (layers, random) => ({
    layer: layers.argmax(),
    inputShapes: [random.next() < 0.5 ? [random.integer(1, 9)] : image(random)],
  }),
});
