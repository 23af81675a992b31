import * as tf from '@tensorflow/tfjs';
import { BackendWasm, setThreadsCount } from '@tensorflow/tfjs-backend-wasm';

/**
 * The door to the tensor library; tensorflow-node.ts is a second one, to its native backend. Everything that is loosely typed
 * or internal in the library is used in the two, and in tensorflow-kernels.ts, tensorflow-heap.ts and tensorflow-optimizers.ts, and nowhere else.
 * `initializeBackend`, which also registers QFX's kernels, is in backend.ts.
 */
export { tf, BackendWasm };

/** The backends that QFX's kernels are written for, as the library names them. */
export type BackendName = 'wasm' | 'cpu' | 'tensorflow';

/** Starts a backend of the tensor library, on one thread. Returns the name of the backend that really runs. */
export async function startBackend(name: BackendName): Promise<string> {
  // Without this the cpu backend advertises another package on its first use.
  tf.enableProdMode();
  // Results must not depend on the machine's cores, and the threaded build keeps processes from ending.
  setThreadsCount(1);
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  const started = await withoutNewErrorListeners(() => tf.setBackend(name));
  return started ? tf.getBackend() : 'none';
}

/**
 * In Node the wasm backend listens to uncaught errors only to throw them again out of its own minified source, which
 * buries every message. Removes the listeners that appear while `start` runs.
 */
async function withoutNewErrorListeners<T>(start: () => Promise<T>): Promise<T> {
  if (typeof process === 'undefined' || typeof process.rawListeners !== 'function') return start();
  const events = ['uncaughtException', 'unhandledRejection'];
  const before = events.map((event) => process.rawListeners(event));
  const result = await start();
  events.forEach((event, index) => {
    for (const listener of process.rawListeners(event)) {
      if (!before[index].includes(listener)) process.off(event, listener as () => void);
    }
  });
  return result;
}

/** The class that the tensor library makes of a saved layer with this class name; undefined for an unknown one. */
export function registeredClass(className: string): unknown {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  return Object.hasOwn(classNameMap, className) ? classNameMap[className][0] : undefined;
}

/** What the tensor library's dropout keeps to itself. */
interface Dropout {
  rate: number;
  seed: number;
}

/** Runs something that computes with `training: true`, with the dropouts of a model switched off. */
export function withoutDropout(model: tf.LayersModel, run: () => void): void {
  withDropouts(model, ({ seed }) => ({ rate: 0, seed }), run);
}

/**
 * Runs a training pass with other seeds of dropout, so that each pass drops other places.
 * @param seedOf the seed in this pass, from the dropout's own
 */
export function withDropoutSeeds(model: tf.LayersModel, seedOf: (seed: number) => number, run: () => void): void {
  withDropouts(model, ({ rate, seed }) => ({ rate, seed: seedOf(seed) }), run);
}

function withDropouts(model: tf.LayersModel, change: (dropout: Dropout) => Dropout, run: () => void): void {
  const dropouts = model.layers.filter((layer) => layer.getClassName() === 'Dropout') as unknown as Dropout[];
  const own = dropouts.map(({ rate, seed }) => ({ rate, seed }));
  for (const dropout of dropouts) Object.assign(dropout, change(dropout));
  try {
    run();
  } finally {
    dropouts.forEach((dropout, index) => Object.assign(dropout, own[index]));
  }
}

/** Runs a registered kernel on the current backend; not on the gradient tape. One tensor an output. */
export function runKernel(name: string, inputs: Record<string, tf.Tensor>, attributes: object): tf.Tensor[] {
  const result: unknown = tf.engine().runKernel(name, inputs, attributes as tf.NamedAttrMap);
  return (Array.isArray(result) ? result : [result]) as tf.Tensor[];
}

/**
 * The numbers of a float32 tensor, not to be changed. On wasm they are seen where they lie: good until the next tensor is made.
 */
export function peek(tensor: tf.Tensor): Float32Array {
  const backend = tf.backend();
  const isOnHeap = backend instanceof BackendWasm && tensor.dtype === 'float32';
  const values: unknown = isOnHeap ? backend.typedArrayFromHeap(tensor) : tensor.dataSync();
  return values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>);
}

/** True when a kernel of this name is registered for the current backend. */
export function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined;
}

/**
 * An operation with a gradient of our own.
 * @param forward computes the value; `saved` is handed to `backward`
 * @param backward gradients of `inputs`, in their order
 */
export function differentiable(
  inputs: readonly tf.Tensor[],
  forward: (inputs: readonly tf.Tensor[]) => { value: tf.Tensor; saved: tf.Tensor[] },
  backward: (dy: tf.Tensor, saved: readonly tf.Tensor[]) => tf.Tensor[],
): tf.Tensor {
  const operation = tf.customGrad((...parts: unknown[]) => {
    const save = parts.at(-1) as tf.GradSaveFunc;
    const { value, saved } = forward(parts.slice(0, -1) as tf.Tensor[]);
    // Saving copies a tensor, on the tape, lest it be disposed; nobody disposes a variable during a pass.
    save(saved.filter((tensor) => !(tensor instanceof tf.Variable)));
    const gradFunc = (dy: tf.Tensor, kept: tf.Tensor[]) => {
      const copies = kept.values();
      const all = saved.map((tensor) => (tensor instanceof tf.Variable ? tensor : (copies.next().value as tf.Tensor)));
      return backward(dy, all);
    };
    return { value, gradFunc };
  });
  return operation(...inputs);
}

/**
 * Replaces the library's gradient of a kernel, on every backend.
 * @param needed a kernel: backends that lack it keep the library's gradient, which must save the same inputs
 */
export function replaceGradient(
  kernelName: string,
  inputs: readonly string[],
  gradients: (dy: tf.Tensor, inputs: readonly tf.Tensor[], attributes: object) => (() => tf.Tensor)[],
  needed?: string,
): void {
  const replaced = tf.getGradient(kernelName);
  tf.unregisterGradient(kernelName);
  tf.registerGradient({
    kernelName,
    inputsToSave: [...inputs],
    gradFunc: (dy, saved, attributes) => {
      if (needed !== undefined && !hasKernel(needed)) return replaced.gradFunc(dy, saved, attributes);
      const parts = gradients(dy as tf.Tensor, saved, attributes as object);
      return Object.fromEntries(inputs.map((name, index) => [name, parts[index]]));
    },
  });
}

/**
 * Makes `tf.losses.softmaxCrossEntropy` take the losses of rows from a function of ours; weights and reduction stay the library's.
 * The library serves smoothed labels as before, what isn't two tensors of one shape, and backends without the kernel.
 * @param losses of labels and logits [..., classes], float32
 * @param needed the kernel
 */
export function replaceSoftmaxCrossEntropy(
  losses: (labels: tf.Tensor, logits: tf.Tensor) => tf.Tensor,
  needed: string,
): void {
  const replaced = tf.losses.softmaxCrossEntropy;
  const ours: typeof replaced = (labels, logits, weights, smoothing = 0, reduction) => {
    const isServed =
      labels instanceof tf.Tensor &&
      logits instanceof tf.Tensor &&
      logits.rank > 0 &&
      tf.util.arraysEqual(labels.shape, logits.shape) &&
      smoothing === 0 &&
      hasKernel(needed);
    if (!isServed) return replaced(labels, logits, weights, smoothing, reduction);
    return tf.tidy(() => {
      const [$labels, $logits] = [labels, logits].map((tensor) => tensor.cast('float32'));
      return tf.losses.computeWeightedLoss(losses($labels, $logits), weights, reduction);
    });
  };
  tf.losses.softmaxCrossEntropy = ours;
}
