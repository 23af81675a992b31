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
