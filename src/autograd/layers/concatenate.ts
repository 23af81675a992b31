import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import type { JsonObject } from '../../qfx/graph/graph.js';
import { parseConfiguration } from '../configuration.js';
import { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';

const schema = z.strictObject({
  ...commonKeys,
  /** Counted from 0 without the batch; default: the last axis, channels. */
  axis: z.int().min(0).optional(),
  output: z.unknown().optional(),
});
export type ConcatenateConfig = z.input<typeof schema>;

/** Tensors one after the other along an axis, cast to one type. */
export class Concatenate extends FixedPointLayer {
  static readonly className = 'QfxConcatenate';
  private readonly axis: number | undefined;

  constructor(config: ConcatenateConfig) {
    const { name, trainable, axis, output } = parseConfiguration(schema, config, layerName(config.name, 'concatenate'));
    super({ operation: 'concatenate', name, trainable, output });
    this.axis = axis;
  }

  override computeOutputShape(inputShapes: (number | null)[][]): (number | null)[] {
    const [first] = inputShapes;
    const described = inputShapes.map((shape) => `[${shape.slice(1).join(', ')}]`).join(', ');
    if (inputShapes.length < 2 || !Array.isArray(first)) {
      throw new QfxError(this.where, 'needed: two or more inputs');
    }
    const axis = this.batchAxis(first.length);
    if (axis >= first.length)
      throw new QfxError(this.where, `axis is ${axis - 1}, its inputs have shapes ${described}`);
    const others = (shape: (number | null)[]) =>
      JSON.stringify(shape.map((size, index) => (index === axis ? 0 : size)));
    if (inputShapes.some((shape) => others(shape) !== others(first))) {
      throw new QfxError(this.where, `its inputs differ in more than axis ${axis - 1}: ${described}`);
    }
    const size = inputShapes.reduce<number | null>((sum, shape) => {
      const length = shape[axis];
      return sum === null || length === null ? null : sum + length;
    }, 0);
    return first.map((old, index) => (index === axis ? size : old));
  }

  protected override ownConfig(): Record<string, unknown> {
    return this.axis === undefined ? {} : { axis: this.axis };
  }

  protected override attributes([shape]: readonly (readonly number[])[]): JsonObject {
    return { axis: this.axis ?? shape.length - 1 };
  }

  protected override forward(inputs: readonly tf.Tensor[]): tf.Tensor {
    return tf.concat([...inputs], this.batchAxis(inputs[0].rank));
  }

  protected override exact(inputs: readonly tf.Tensor[]): ExactValue {
    return { parts: [this.forward(inputs)] };
  }

  /** The axis counted with the batch. */
  private batchAxis(rank: number): number {
    return this.axis === undefined ? rank - 1 : this.axis + 1;
  }
}
