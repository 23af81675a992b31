import type { QuantizationInput, TrainingInput } from 'qfx/autograd';

/** A line of the table: a fixed-point ResNet-8, and what it starts from. */
export interface Row {
  /** Names the graph: `resnet8-<name>`. */
  readonly name: string;
  readonly title: string;
  readonly quantizers: Pick<
    QuantizationInput,
    'weights' | 'bias' | 'scale' | 'offset' | 'activations' | 'accumulators' | 'named'
  >;
  readonly from: 'float network' | 'scratch';
  readonly training: TrainingInput;
}

const common = { batchSize: 128, shards: 1, seed: 1, augmentation: { crop: 4, flip: true } } as const;

/** How the float network is trained that all others start from. */
export const floatTraining = {
  ...common,
  epochs: 30,
  learningRate: { schedule: 'cosine', rate: 0.003, warmUpSteps: 200 },
  freezing: { binaryPoints: 1, statistics: 1, images: 2048 },
} satisfies TrainingInput;

/** Two epochs, with what was found without training fixed from the first step. */
export const fineTuning = {
  ...common,
  epochs: 2,
  learningRate: { schedule: 'cosine', rate: 0.001, warmUpSteps: 20 },
  freezing: { binaryPoints: 0, by: 'neighbours', statistics: 0, images: 2048 },
} satisfies TrainingInput;

/** Where many weights have to find another integer: larger steps, statistics that follow them, and the float network as teacher. */
const coarseTuning = {
  ...fineTuning,
  distillation: { temperature: 2, weight: 0.5 },
  learningRate: { ...fineTuning.learningRate, rate: 0.005 },
  freezing: { ...fineTuning.freezing, statistics: 0.85 },
} satisfies TrainingInput;

const fromScratch = {
  ...common,
  epochs: 5,
  learningRate: { schedule: 'cosine', rate: 0.003, warmUpSteps: 200 },
} satisfies TrainingInput;

/** Weights and activations of `bits`; what is cheap stays wide: sums, and what a layer has one of for each channel. */
function words(bits: number): Row['quantizers'] {
  return {
    weights: { wordLength: bits },
    bias: { wordLength: 12 },
    scale: { wordLength: 12 },
    offset: { wordLength: 12 },
    activations: { wordLength: bits },
    accumulators: { wordLength: 16 },
    named: { pool: { activations: { wordLength: 8 } } },
  };
}

/** Weights of at most `terms` powers of two, and BatchNorm's a of at most two: no multiplication anywhere. */
function powers(terms: number): Row['quantizers'] {
  return {
    ...words(8),
    weights: { wordLength: 8, kHot: { terms, digits: 'signed' } },
    scale: { wordLength: 12, kHot: { terms: 2, digits: 'signed' } },
  };
}

const tuned = { from: 'float network', training: fineTuning } as const;
const coarse = { from: 'float network', training: coarseTuning } as const;

export const rows: readonly Row[] = [
  ...[8, 6, 4, 3].map((bits) => ({
    name: `w${bits}a${bits}`,
    title: `${bits} bits`,
    quantizers: words(bits),
    ...(bits > 3 ? tuned : coarse),
  })),
  ...[1, 2, 3].map((terms) => ({
    name: `k${terms}`,
    title: `no multiplication, K = ${terms}`,
    quantizers: powers(terms),
    ...(terms > 1 ? tuned : coarse),
  })),
  ...Object.entries({
    fixed: { title: 'binary points of the first batch', freezing: { binaryPoints: 0, by: 'search' } },
    learned: { title: 'binary points learned', freezing: { binaryPoints: 0.7, by: 'neighbours' } },
    settled: { title: 'learned, then settled by the loss', freezing: { binaryPoints: 0.7, by: 'loss' } },
  } as const).map(([way, { title, freezing }]) => ({
    name: `w4a4-scratch-${way}`,
    title: `4 bits from scratch, ${title}`,
    quantizers: words(4),
    from: 'scratch' as const,
    training: { ...fromScratch, freezing },
  })),
];
