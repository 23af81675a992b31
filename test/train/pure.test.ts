import { describe, expect, it } from 'vitest';
import { augmentationSchema, epochOrder, makeBatch } from '../../src/autograd/train/batches.js';
import { clipGradients, globalNorm } from '../../src/autograd/train/clipping.js';
import { softmaxCrossEntropy } from '../../src/autograd/train/loss.js';
import { createOptimizer, optimizerSchema } from '../../src/autograd/train/optimizers.js';
import { permutation, randomStream } from '../../src/autograd/train/random.js';
import { learningRateAt, learningRateSchema } from '../../src/autograd/train/schedules.js';

describe('random streams', () => {
  it('are functions of their keys', () => {
    const draw = (...keys: number[]) =>
      Array.from(
        { length: 4 },
        (
          (stream) => () =>
            stream.bits()
        )(randomStream(...keys)),
      );
    expect(draw(1, 2, 3)).toEqual(draw(1, 2, 3));
    for (const other of [
      [1, 2, 4],
      [1, 3, 2],
      [1, 2],
      [0, 2, 3],
      [1, 2, 3, 0],
      [1 + 2 ** 32, 2, 3],
    ])
      expect(draw(...other)).not.toEqual(draw(1, 2, 3));
  });

  it('draw every number below a bound about equally often', () => {
    const counts = new Array<number>(7).fill(0);
    for (let key = 0; key < 70_000; key++) counts[randomStream(9, key).below(7)]++;
    // Chi-square with 6 degrees of freedom: above 27.9 in one of ten thousand cases.
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(27.9);
  });

  it('permute', () => {
    const order = permutation(1000, randomStream(5));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    expect(order.filter((value, index) => value === index).length).toBeLessThan(10);
    expect(epochOrder(1000, 5, 0)).not.toEqual(epochOrder(1000, 5, 1));
    expect(epochOrder(1000, 5, 1)).toEqual(epochOrder(1000, 5, 1));
  });
});

describe('learning-rate schedules', () => {
  const rates = (input: unknown, steps: number) => {
    const schedule = learningRateSchema.parse(input);
    return Array.from({ length: steps }, (_, step) => learningRateAt(schedule, step, steps));
  };

  it('warm up linearly', () => {
    expect(rates({ schedule: 'constant', rate: 1, warmUpSteps: 3 }, 5)).toEqual([0.25, 0.5, 0.75, 1, 1]);
  });

  it('follow half a cosine', () => {
    const found = rates({ schedule: 'cosine', rate: 2, warmUpSteps: 0, final: 1 }, 4);
    [2, 1.5 + Math.SQRT1_2 / 2, 1.5, 1.5 - Math.SQRT1_2 / 2].forEach((rate, step) =>
      expect(found[step]).toBeCloseTo(rate, 12),
    );
  });

  it('step down', () => {
    const found = rates({ schedule: 'step', rate: 1, warmUpSteps: 0, factor: 0.5, at: [0.5, 0.75] }, 8);
    expect(found).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25]);
  });

  it('refuse unknown keys', () => {
    expect(() => learningRateSchema.parse({ schedule: 'cosine', rate: 1, warmup: 3 })).toThrow();
    expect(() => learningRateSchema.parse({ schedule: 'linear', rate: 1 })).toThrow();
  });
});

describe('gradient clipping', () => {
  it('scales all gradients to a global norm', () => {
    const gradients = [new Float32Array([3]), new Float32Array([0, 4])];
    expect(globalNorm(gradients)).toBe(5);
    clipGradients(gradients, { globalNorm: 2.5 });
    expect(gradients.map((gradient) => [...gradient])).toEqual([[1.5], [0, 2]]);
    clipGradients(gradients, { globalNorm: 3 });
    expect(gradients.map((gradient) => [...gradient])).toEqual([[1.5], [0, 2]]);
  });

  it('cuts components', () => {
    const gradients = [new Float32Array([3, -0.25]), new Float32Array([-7])];
    clipGradients(gradients, { value: 0.5 });
    expect(gradients.map((gradient) => [...gradient])).toEqual([[0.5, -0.25], [-0.5]]);
  });
});

describe('optimisers', () => {
  const run = (config: unknown, gradients: number[], rate = 0.5) => {
    const optimizer = createOptimizer(optimizerSchema.parse(config));
    const values = new Float32Array([1]);
    return gradients.map((slope) => {
      optimizer.update([{ key: 'w', values, gradient: new Float32Array([slope]) }], rate);
      return values[0];
    });
  };

  it('descend with momentum', () => {
    expect(run({ name: 'sgd', momentum: 0 }, [1, -2])).toEqual([0.5, 1.5]);
    expect(run({ name: 'sgd', momentum: 0.5 }, [1, 1])).toEqual([0.5, -0.25]);
    expect(run({ name: 'sgd', momentum: 0.5, nesterov: true }, [1, 1])).toEqual([0.25, -0.625]);
  });

  it("follow Adam's published formulas", () => {
    let [weight, first, second] = [1, 0, 0];
    const gradients = [0.5, -0.1, 3, 0, -2];
    const expected = gradients.map((slope, index) => {
      first = 0.9 * first + 0.1 * slope;
      second = 0.999 * second + 0.001 * slope * slope;
      weight -= (0.5 * (first / (1 - 0.9 ** (index + 1)))) / (Math.sqrt(second / (1 - 0.999 ** (index + 1))) + 1e-8);
      return weight;
    });
    // The optimiser keeps moments and weights as float32, the formulas above are doubles.
    run({ name: 'adam' }, gradients).forEach((value, index) => expect(value).toBeCloseTo(expected[index], 5));
  });

  it.each([{ name: 'adam' }, { name: 'sgd', nesterov: true }])(
    'continue from a saved state to the same bits: %o',
    (config) => {
      const parameter = () => ({ key: 'w', values: new Float32Array([1, 2]), gradient: new Float32Array([0.3, -0.7]) });
      const [through, resumed] = [parameter(), parameter()];
      const optimizer = createOptimizer(optimizerSchema.parse(config));
      for (let step = 0; step < 3; step++) optimizer.update([through], 0.1);
      const saved = structuredClone(optimizer.state());
      resumed.values.set(through.values);
      for (let step = 0; step < 3; step++) optimizer.update([through], 0.1);
      const other = createOptimizer(optimizerSchema.parse(config));
      other.restore(saved);
      for (let step = 0; step < 3; step++) other.update([resumed], 0.1);
      expect(resumed.values).toEqual(through.values);
      expect(() => other.update([{ ...parameter(), values: new Float32Array(3) }], 0.1)).toThrow(/a parameter of 3/);
    },
  );
});

describe('softmax cross-entropy', () => {
  const logits = new Float32Array([1, 3, -2, 0, 0, 0, 80, -80, 10]);
  const labels = new Uint8Array([1, 0, 2]);

  it('sums the loss and counts hits, ties to the lowest class', () => {
    const { loss, correct } = softmaxCrossEntropy(logits, labels);
    const losses = [Math.log(Math.exp(-2) + 1 + Math.exp(-5)), Math.log(3), 70];
    expect(loss).toBeCloseTo(
      losses.reduce((sum, one) => sum + Math.fround(one), 0),
      12,
    );
    expect(correct).toBe(2);
  });
});

describe('batches', () => {
  const shape = [3, 4, 2] as const;
  const images = Uint8Array.from({ length: 2 * 24 }, (_, index) => index + 1);
  const part = { images, labels: new Uint8Array([7, 8]) };

  it('hold bytes * 2^-8', () => {
    const batch = makeBatch(part, shape as [3, 4, 2], [1, 0]);
    expect([...batch.labels]).toEqual([8, 7]);
    expect([...batch.images]).toEqual([...images.subarray(24), ...images.subarray(0, 24)].map((byte) => byte / 256));
  });

  it('are cropped and mirrored, seeded by image and epoch', () => {
    const augmentation = augmentationSchema.parse({ crop: 1, flip: true });
    const of = (image: number, epoch: number) =>
      [...makeBatch(part, [3, 4, 2], [image], { augmentation, seed: 3, epoch }).images].map((value) => value * 256);
    const pixel = (source: number, y: number, x: number) => {
      const inside = Math.min(Math.max(y, 0), 2) * 4 + Math.min(Math.max(x, 0), 3);
      return [0, 1].map((channel) => images[source * 24 + inside * 2 + channel]);
    };
    // Every result must be one of the 3 x 3 x 2 possible ones, and over many epochs every one must occur.
    const possible = new Map<string, number>();
    for (const down of [-1, 0, 1])
      for (const right of [-1, 0, 1])
        for (const mirrored of [false, true]) {
          const rows = Array.from({ length: 12 }, (_, index) => [Math.floor(index / 4), index % 4]);
          possible.set(String(rows.flatMap(([y, x]) => pixel(0, y - down, (mirrored ? 3 - x : x) - right))), 0);
        }
    expect(possible.size).toBe(18);
    for (let epoch = 0; epoch < 400; epoch++) {
      const found = String(of(0, epoch));
      expect(possible.has(found)).toBe(true);
      possible.set(found, possible.get(found)! + 1);
    }
    expect(Math.min(...possible.values())).toBeGreaterThan(0);
    const together = makeBatch(part, [3, 4, 2], [1, 0], { augmentation, seed: 3, epoch: 9 }).images;
    expect([...together].map((value) => value * 256)).toEqual([...of(1, 9), ...of(0, 9)]);
  });

  it('are shifted by any number of pixels, and their mirror image comes in', () => {
    const row = { images: new Uint8Array([10, 20, 30]), labels: new Uint8Array([0]) };
    const augmentation = augmentationSchema.parse({ crop: 4 });
    const endless = [10, 20, 30, 30, 20, 10, 10, 20, 30, 30, 20, 10, 10, 20, 30];
    const possible = Array.from({ length: 9 }, (_, right) => String(endless.slice(2 + right, 5 + right)));
    const found = Array.from({ length: 200 }, (_, epoch) =>
      String([...makeBatch(row, [1, 3, 1], [0], { augmentation, seed: 1, epoch }).images].map((value) => value * 256)),
    );
    expect(new Set(found)).toEqual(new Set(possible));
  });
});
