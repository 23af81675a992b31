import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import { parseConfiguration } from '../configuration.js';
import type { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';

const schema = z.strictObject({ ...commonKeys, output: z.unknown().optional() });
export type AddConfig = z.input<typeof schema>;

/** The sum of two or more tensors of one shape (a shortcut); binary points are aligned exactly. */
export class Add extends FixedPointLayer {
  static readonly className = 'QfxAdd';

  constructor(config: AddConfig) {
    const { name, trainable, output } = parseConfiguration(schema, config, layerName(config.name, 'add'));
    super({ operation: 'add', name, trainable, output });
  }

  override computeOutputShape(inputShapes: (number | null)[][]): (number | null)[] {
    const described = inputShapes.map((shape) => `[${shape.slice(1).join(', ')}]`);
    if (inputShapes.length >= 2 && Array.isArray(inputShapes[0]) && new Set(described).size === 1)
      return inputShapes[0];
    throw new QfxError(this.where, `its inputs have shapes ${described.join(', ')}, needed: two or more equal ones`);
  }

  protected override forward(inputs: readonly tf.Tensor[]): tf.Tensor {
    return inputs.slice(1).reduce((sum, input) => sum.add(input), inputs[0]);
  }

  protected override exact(inputs: readonly tf.Tensor[]): ExactValue {
    return { parts: inputs };
  }
}
