import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import { parseConfiguration } from '../configuration.js';
import { layerName } from './configuration.js';
import { FixedPointLayer, commonKeys } from './layer.js';

const schema = z.strictObject({ ...commonKeys, output: z.unknown().optional() });
/** Configuration of a layer on tensors of one shape: a name, and the type of its output. */
export type ElementWiseConfig = z.input<typeof schema>;

/** What a layer on tensors of one shape says about itself. */
interface ElementWiseSetup {
  readonly operation: string;
  /** How many inputs it takes. */
  readonly inputs: readonly [minimum: number, maximum: number];
}

/** A layer that combines tensors of one shape element by element. */
export abstract class ElementWise extends FixedPointLayer {
  private readonly inputRange: ElementWiseSetup['inputs'];

  constructor(config: ElementWiseConfig, { inputs, ...setup }: ElementWiseSetup) {
    const { name, trainable, output } = parseConfiguration(schema, config, layerName(config.name, setup.operation));
    super({ ...setup, name, trainable, output });
    this.inputRange = inputs;
  }

  override computeOutputShape(inputShapes: (number | null)[][]): (number | null)[] {
    const described = inputShapes.map((shape) => `[${shape.slice(1).join(', ')}]`);
    const [minimum, maximum] = this.inputRange;
    const isCount = inputShapes.length >= minimum && inputShapes.length <= maximum;
    if (isCount && Array.isArray(inputShapes[0]) && new Set(described).size === 1) return inputShapes[0];
    const needed = maximum === 2 ? 'two' : 'two or more';
    throw new QfxError(this.where, `its inputs have shapes ${described.join(', ')}, needed: ${needed} equal ones`);
  }
}
