import { describeLayer } from './contract.js';

describeLayer({
  kind: 'dense',
  options: { units: 2 },
  sample: (layers, random) => ({
    layer: layers.dense({ units: random.integer(1, 6), useBias: random.next() < 0.7 }),
    inputShapes: [[...random.pick([[], [3], [2, 3]]), random.integer(1, 40)]],
  }),
});
