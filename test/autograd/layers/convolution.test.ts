import { describeLayer } from './contract.js';
import type { Random } from './random.js';

/** Kernel, stride, dilation and padding drawn at random, for an image of at least 5 x 5. */
function randomWindow(random: Random) {
  const pair = (first: number, last: number): [number, number] => [
    random.integer(first, last),
    random.integer(first, last),
  ];
  const isDilated = random.next() < 0.4;
  return {
    kernelSize: random.next() < 0.5 ? random.integer(1, 3) : pair(1, 3),
    strides: isDilated ? 1 : pair(1, 3),
    dilations: isDilated ? pair(1, 2) : 1,
    padding: random.pick(['same', 'valid', [0, 1, 2, 0]] as ['same', 'valid', [number, number, number, number]]),
    useBias: random.next() < 0.7,
  };
}

const image = (random: Random, channels: number) => [random.integer(5, 8), random.integer(5, 8), channels];

describeLayer({
  kind: 'conv2d',
  options: { filters: 2, kernelSize: 3 },
  trials: 20,
  sample: (layers, random) => {
    const groups = random.pick([1, 1, 2, 3]);
    return {
      layer: layers.conv2d({ ...randomWindow(random), groups, filters: groups * random.integer(1, 3) }),
      inputShapes: [image(random, groups * random.integer(1, 3))],
    };
  },
});

describeLayer({
  kind: 'depthwiseConv2d',
  options: { kernelSize: 3 },
  trials: 16,
  sample: (layers, random) => ({
    layer: layers.depthwiseConv2d({ ...randomWindow(random), depthMultiplier: random.integer(1, 2) }),
    inputShapes: [image(random, random.integer(1, 4))],
  }),
});
