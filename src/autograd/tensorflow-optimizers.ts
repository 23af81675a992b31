import { hasKernel, runKernel, tf } from './tensorflow.js';

/**
 * The library's optimisers compute an update from a dozen operations a weight. Here they get kernels that do it in one, and stay
 * what they are: their class, their state, and how it is saved.
 */

/** A moment as the library's optimisers keep it, by the position of its weight. */
interface Slot {
  readonly originalName: string;
  readonly variable: tf.Variable;
}

/** How the state of one of the library's optimisers fits a kernel, whose outputs are the new weight and the new moments. */
export interface OptimizerKernel<State> {
  readonly kernelName: string;
  /** For each moment: its field of the optimiser, what the library adds to the name of its weight, its name as an input of the kernel. */
  readonly slots: readonly { readonly field: keyof State & string; readonly suffix: string; readonly input: string }[];
  /** The kernel's attributes in this update. */
  attributes(state: State): object;
  /** What the optimiser does once an update, after its weights. */
  finish?(state: State): void;
  /** Whether an optimiser has the fields that are used here: they are internal to the library. */
  fits(state: Partial<State>): boolean;
}

/** Gradients by the names of their weights; none where nothing depends on a weight. */
type Gradients =
  | readonly { readonly name: string; readonly tensor?: tf.Tensor | null }[]
  | Readonly<Record<string, tf.Tensor | null | undefined>>;

/** An optimiser of the library; `iterations` goes up by one an update. */
export interface LibraryOptimizer {
  applyGradients(gradients: Gradients): void;
  incrementIterations(): void;
}

/** The number in a tensor of one. */
export function numberIn(tensor: tf.Tensor): number {
  return tensor.dataSync()[0];
}

let hasWarned = false;

/**
 * Makes an optimiser of the library compute with a kernel, on backends that have it. One whose fields are others than expected
 * computes as the library does, with one warning.
 * @param prototype of the optimiser's class
 */
export function replaceUpdate<State>(prototype: LibraryOptimizer, kernel: OptimizerKernel<State>): void {
  const replaced = prototype.applyGradients;
  prototype.applyGradients = function (this: LibraryOptimizer, gradients) {
    if (!hasKernel(kernel.kernelName)) return replaced.call(this, gradients);
    const state = this as unknown as State;
    if (kernel.fits(state)) {
      update(state, gradients, kernel);
      this.incrementIterations();
      return;
    }
    if (!hasWarned)
      console.warn(
        "QFX: this version of TensorFlow.js has optimisers of another shape, so QFX's kernels for them are off and model.fit " +
          'is slower. They are written for @tensorflow/tfjs 4.22.0.',
      );
    hasWarned = true;
    replaced.call(this, gradients);
  };
}

function update<State>(
  state: State,
  gradients: Gradients,
  { kernelName, slots, attributes, finish }: OptimizerKernel<State>,
): void {
  const named = Array.isArray(gradients)
    ? (gradients as Extract<Gradients, readonly unknown[]>)
    : Object.entries(gradients as Extract<Gradients, Readonly<Record<string, unknown>>>).map(([name, tensor]) => ({
        name,
        tensor,
      }));
  tf.tidy(() => {
    const attributesNow = attributes(state);
    named.forEach(({ name, tensor }, position) => {
      const x = tf.engine().registeredVariables[name];
      const moments = slots.map(({ field, suffix }): Slot => {
        const kept = state[field] as Slot[];
        return (kept[position] ??= {
          originalName: `${name}/${suffix}`,
          variable: tf.tidy(() => tf.zerosLike(x).variable(false)),
        });
      });
      if (tensor === null || tensor === undefined) return;
      const inputs = slots.map(({ input }, index) => [input, moments[index].variable] as const);
      const [next, ...rest] = runKernel(
        kernelName,
        { x, gradient: tensor, ...Object.fromEntries(inputs) },
        attributesNow,
      );
      x.assign(next);
      moments.forEach(({ variable }, index) => variable.assign(rest[index]));
    });
    finish?.(state);
  });
}
