import { takeImages, validateDataSet } from '../../data/data-set.js';
import type { DataSet } from '../../data/data-set.js';
import type { TensorType } from '../../qfx/number/type.js';
import { measureStatistics } from '../freeze/fixing.js';
import { quantizersOf } from '../freeze/model.js';
import { batchNormalizationsOf } from '../layers/batch-normalization.js';
import { whileVisiting } from '../layers/visiting.js';
import { withoutQuantizers } from '../quantizer.js';
import type { Quantizer } from '../quantizer.js';
import { tf } from '../tensorflow.js';
import { epochOrder, makeBatch } from '../train/batches.js';
import { evaluate } from '../train/evaluate.js';
import { breathe } from '../train/infer.js';
import { checkShapes } from '../train/surroundings.js';
import { buildNetwork } from './build.js';
import {
  channelMeans,
  correctBias,
  keepIfCloser,
  movableQuantizers,
  outputError,
  placeAll,
  summandsOf,
  tryNeighbours,
} from './calibration.js';
import type { Reference } from './calibration.js';
import { equalizeChannels } from './equalization.js';
import { readFloatModel } from './float-model.js';
import { LayerValues } from './layer-values.js';
import { resolveQuantization } from './options.js';
import type {
  QuantizationConfig,
  QuantizationInput,
  QuantizationProgress,
  QuantizationSurroundings,
} from './options.js';
import { planNetwork } from './plan.js';
import type { LayerConversion } from './plan.js';

/** Images of one measurement of BatchNorm's statistics. */
const imagesAtOnce = 256;

/** What a quantizer became. */
export interface QuantizerReport {
  readonly layer: string;
  /** `weights`, `bias`, `scale`, `offset` or `output`. */
  readonly role: string;
  readonly type: TensorType;
  /** Mean of (x - cast(x))^2 over the parameter's values, or over the layer's exact results on the calibration images. */
  readonly meanSquaredError: number;
}

/** The network after a step. */
export interface QuantizationStep {
  readonly name: 'placed' | 'statistics measured again' | 'channels equalized' | 'bias corrected' | 'neighbours tried';
  /** Mean squared difference to the float network's output on the calibration images. */
  readonly outputError: number;
  /** Fraction 0..1 of the evaluated test images; absent where none are. */
  readonly accuracy?: number;
}

/** What became of a float network. */
export interface QuantizationReport {
  /** The float model's. */
  readonly name: string;
  readonly config: QuantizationConfig;
  readonly conversions: readonly LayerConversion[];
  readonly quantizers: readonly QuantizerReport[];
  /** Mean of the squares of the float network's outputs on the calibration images, to compare errors with. */
  readonly outputPower: number;
  readonly steps: readonly QuantizationStep[];
  /** Test images that accuracies were measured on; with none there are no accuracies. */
  readonly evaluatedImages: number;
  readonly floatAccuracy?: number;
}

/**
 * Turns a float network made of TensorFlow.js layers into a fixed-point one with the same weights, and finds the best binary
 * points for it without training. The result trains, freezes and saves like any network of `createLayers`.
 *
 * Images enter as bytes * 2^-8, other data by its own type; the network has one input and one output, the classes' logits or their softmax.
 * @returns the fixed-point network, and what became of each layer; the float one is left alone
 * @throws QfxError naming a wrong or unknown key, or all layers that cannot be converted; the signal's reason when aborted
 */
export async function quantizeModel(
  model: tf.LayersModel,
  options: QuantizationInput & QuantizationSurroundings,
): Promise<{ readonly model: tf.LayersModel; readonly report: QuantizationReport }> {
  const { data, signal, onProgress, ...input } = options;
  validateDataSet(data);
  const config = resolveQuantization(input, data);
  const where = `model "${model.name}"`;
  checkShapes(model, data);
  const plan = planNetwork(readFloatModel(model), config.batchNormalization, where);
  const { weights, bias, scale, offset, activations, accumulators, named } = config;
  const defaults = { weights, bias, scale, offset, activations, accumulators, named };
  const network = buildNetwork(plan, defaults, config.input, where);
  const session = new Session(network, data, config, { data, signal, onProgress });
  try {
    return {
      model: network,
      report: { name: model.name, config, conversions: plan.conversions, ...(await session.run()) },
    };
  } finally {
    session.dispose();
  }
}

/** One network on its way. */
class Session {
  private readonly indices: Uint32Array;
  private readonly batch: tf.Tensor;
  private readonly values: LayerValues;
  private readonly evaluatedImages: number;
  private readonly steps: QuantizationStep[] = [];
  private reference: Reference | undefined;

  constructor(
    private readonly model: tf.LayersModel,
    private readonly data: DataSet,
    private readonly config: QuantizationConfig,
    private readonly surroundings: QuantizationSurroundings,
  ) {
    // Epoch -1 never occurs in training: the choice has a random order of its own.
    this.indices = epochOrder(data.train.labels.length, config.seed, -1);
    this.batch = this.imagesAt(0, config.calibration.images);
    this.values = new LayerValues(model, this.batch);
    this.evaluatedImages = Math.min(config.evaluatedImages, data.test.labels.length);
  }

  async run(): Promise<Omit<QuantizationReport, 'name' | 'config' | 'conversions'>> {
    const { model, values, config } = this;
    const { statisticsImages, biasCorrection, greedyPasses } = config.calibration;
    const reference = this.readReference();
    this.reference = reference;
    const outputPower = tf.tidy(() => reference.output.square().mean().dataSync()[0]);
    const floatAccuracy = await withoutQuantizers(() => this.accuracy());
    await this.pause('placing', 0, 1);
    placeAll(values);
    await this.endStep('placed');
    if (batchNormalizationsOf(model).length > 0) {
      const measure = () => measureStatistics(model, this.batches(statisticsImages));
      keepIfCloser(model, values, reference, measure);
      await this.endStep('statistics measured again');
      keepIfCloser(model, values, reference, () => {
        equalizeChannels(model);
        placeAll(values);
        measure();
      });
      await this.endStep('channels equalized');
    }
    if (biasCorrection) {
      await this.each('bias correction', summandsOf(model), (summand, error) =>
        correctBias(summand, values, reference, error),
      );
      await this.endStep('bias corrected');
    }
    for (let pass = 0; pass < greedyPasses; pass++) {
      await this.each('greedy', movableQuantizers(model), ({ layer, quantizer }, error) =>
        tryNeighbours(layer, quantizer, values, reference, error),
      );
      await this.endStep('neighbours tried');
    }
    const { steps, evaluatedImages } = this;
    const quantizers = this.describeQuantizers();
    return { quantizers, outputPower, steps, evaluatedImages, ...(floatAccuracy !== undefined && { floatAccuracy }) };
  }

  dispose(): void {
    this.values.dispose();
    this.reference?.output.dispose();
    this.batch.dispose();
  }

  /** Of a network that nothing has quantized yet. */
  private readReference(): Reference {
    const { model, values } = this;
    withoutQuantizers(() => values.refresh());
    const means = new Map(model.layers.slice(1).map((layer) => [layer, channelMeans(values.of(layer))]));
    return { output: values.outputs.clone(), means };
  }

  /** Improves one thing after the other; each says which output error it leaves. */
  private async each<Item>(
    phase: QuantizationProgress['phase'],
    items: readonly Item[],
    improve: (item: Item, error: number) => number,
  ): Promise<void> {
    let error = this.outputError;
    for (const [index, item] of items.entries()) {
      await this.pause(phase, index, items.length);
      error = improve(item, error);
    }
  }

  private async endStep(name: QuantizationStep['name']): Promise<void> {
    await this.pause('evaluating', 0, 1);
    const accuracy = await this.accuracy();
    this.steps.push({ name, outputError: this.outputError, ...(accuracy !== undefined && { accuracy }) });
  }

  private get outputError(): number {
    return outputError(this.values.outputs, this.reference as Reference);
  }

  private async accuracy(): Promise<number | undefined> {
    const { evaluatedImages: count, data } = this;
    if (count === 0) return undefined;
    const part = takeImages(data.test, 0, count);
    return (await evaluate(this.model, part, data.shape, { signal: this.surroundings.signal })).accuracy;
  }

  private describeQuantizers(): QuantizerReport[] {
    const errors = new Map<Quantizer, number>();
    whileVisiting(
      (quantizer, exact) => void errors.set(quantizer, quantizer.meanSquaredError(exact)),
      () => this.values.refresh(),
    );
    return quantizersOf(this.model).map(({ layer, role, quantizer }) => ({
      layer,
      role,
      type: quantizer.type(),
      meanSquaredError: errors.get(quantizer) as number,
    }));
  }

  private *batches(images: number): Generator<tf.Tensor> {
    for (let start = 0; start < images; start += imagesAtOnce) {
      const batch = this.imagesAt(start, Math.min(start + imagesAtOnce, images));
      yield batch;
      batch.dispose();
    }
  }

  private imagesAt(start: number, end: number): tf.Tensor {
    const { images } = makeBatch(this.data.train, this.data.shape, this.indices.subarray(start, end));
    return tf.tensor(images, [end - start, ...this.data.shape], 'float32');
  }

  private async pause(phase: QuantizationProgress['phase'], done: number, total: number): Promise<void> {
    const { signal, onProgress } = this.surroundings;
    onProgress?.({ phase, done, total });
    await breathe();
    signal?.throwIfAborted();
  }
}
