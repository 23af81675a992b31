import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import { adamKernel, momentumKernel } from '../kernels/updates.js';

const fraction = z.number().min(0).lt(1);

/** Adam (Kingma and Ba) or gradient descent with momentum, and their constants. */
export const optimizerSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('adam'),
    beta1: fraction.default(0.9),
    beta2: fraction.default(0.999),
    epsilon: z.number().positive().default(1e-8),
  }),
  z.strictObject({ name: z.literal('sgd'), momentum: fraction.default(0.9), nesterov: z.boolean().default(false) }),
]);
export type OptimizerConfig = z.infer<typeof optimizerSchema>;

/** A trainable tensor with its gradient; `key` names it from step to step and in checkpoints. */
export interface Parameter {
  readonly key: string;
  /** Updated in place. */
  readonly values: Float32Array;
  readonly gradient: Float32Array;
}

/**
 * An optimiser on typed arrays whose whole state can be saved: moments a parameter, and the number of updates each
 * parameter has had (a parameter that stops training leaves no trace in the others). It computes by the portable forms of the
 * kernels that `model.fit` runs on: weights and gradients lie in memory that threads share, and the way to the backend's and
 * back takes longer than an update.
 */
export interface Optimizer {
  update(parameters: readonly Parameter[], learningRate: number): void;
  /** Copies nothing: arrays are the live state. */
  state(): Record<string, Float32Array>;
  /** Continues from a state; throws QfxError when it lacks something that the next update needs. */
  restore(state: Readonly<Record<string, Float32Array>>): void;
}

/** Moments by parameter, by slot; made of zeros at first use. In a state they are named `<slot>/<key>`. */
class Slots {
  private readonly arrays = new Map<string, Map<string, Float32Array>>();

  get(slot: string, key: string, length: number): Float32Array {
    const slots = this.slotsOf(key);
    let array = slots.get(slot);
    if (array === undefined) slots.set(slot, (array = new Float32Array(length)));
    if (array.length !== length)
      throw new QfxError(`optimiser state "${slot}/${key}"`, `has ${array.length} values for a parameter of ${length}`);
    return array;
  }

  state(): Record<string, Float32Array> {
    const entries = [...this.arrays].flatMap(([key, slots]) =>
      [...slots].map(([slot, values]) => [`${slot}/${key}`, values] as const),
    );
    return Object.fromEntries(entries);
  }

  restore(state: Readonly<Record<string, Float32Array>>): void {
    this.arrays.clear();
    for (const [name, values] of Object.entries(state)) {
      const end = name.indexOf('/');
      this.slotsOf(name.slice(end + 1)).set(name.slice(0, end), values.slice());
    }
  }

  private slotsOf(key: string): Map<string, Float32Array> {
    let slots = this.arrays.get(key);
    if (slots === undefined) this.arrays.set(key, (slots = new Map()));
    return slots;
  }
}

class Adam extends Slots implements Optimizer {
  constructor(private readonly config: Extract<OptimizerConfig, { name: 'adam' }>) {
    super();
  }

  update(parameters: readonly Parameter[], learningRate: number): void {
    const { beta1, beta2, epsilon } = this.config;
    for (const { key, values, gradient } of parameters) {
      const first = this.get('first', key, values.length);
      const second = this.get('second', key, values.length);
      const updates = this.get('updates', key, 1);
      const count = ++updates[0];
      const attributes = {
        rate: learningRate / (1 - beta1 ** count),
        correction: 1 / (1 - beta2 ** count),
        beta1,
        beta2,
        epsilon,
      };
      adamKernel.compute([values, gradient, first, second], [values, first, second], [], attributes);
    }
  }
}

class GradientDescent extends Slots implements Optimizer {
  constructor(private readonly config: Extract<OptimizerConfig, { name: 'sgd' }>) {
    super();
  }

  update(parameters: readonly Parameter[], learningRate: number): void {
    const attributes = { rate: learningRate, ...this.config };
    for (const { key, values, gradient } of parameters) {
      const velocity = this.get('velocity', key, values.length);
      momentumKernel.compute([values, gradient, velocity], [values, velocity], [], attributes);
    }
  }
}

/** The optimiser that a configuration describes, at its start. */
export function createOptimizer(config: OptimizerConfig): Optimizer {
  return config.name === 'adam' ? new Adam(config) : new GradientDescent(config);
}
