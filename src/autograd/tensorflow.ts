import * as tf from '@tensorflow/tfjs';
import { BackendWasm, setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import { elementCount } from '../qfx/number/shape.js';

/**
 * The one door to the tensor library. Everything that is loosely typed or internal in it is used here and nowhere else.
 * `initializeBackend`, which also registers QFX's kernels, is in backend.ts.
 */
export { tf };

/** The backends that QFX's kernels are written for. */
export const backendNames = ['wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];

/** A tensor as kernels see it: no methods, no place in a gradient tape. */
export interface TensorInfo {
  readonly dataId: object;
  readonly shape: number[];
  readonly dtype: 'float32';
}

/** Inputs of a kernel by name. */
export type KernelInputs = Record<string, TensorInfo>;

/**
 * A kernel in plain TypeScript: numbers in, numbers out. `registerPlainKernel` finds the numbers on the backend.
 */
export interface PlainKernel<Attributes> {
  readonly name: string;
  /** Names of the inputs, in the order in which `compute` gets them; those of other types are converted to float32. */
  readonly inputs: readonly string[];
  /** Shapes of the outputs, from the shapes of the inputs. */
  outputShapes(inputShapes: readonly number[][], attributes: Attributes): number[][];
  /** Fills every element of `outputs`: their memory holds anything before. */
  compute(
    inputs: readonly Float32Array[],
    outputs: readonly Float32Array[],
    inputShapes: readonly number[][],
    attributes: Attributes,
  ): void;
}

/** A kernel that is made of other kernels of the same backend. */
export interface ComposedKernel<Attributes> {
  readonly name: string;
  compose(inputs: KernelInputs, attributes: Attributes, kernels: KernelRunner): TensorInfo;
}

/** Runs kernels of one backend inside of a composed kernel. Intermediate results must be freed by hand. */
export interface KernelRunner {
  run(name: string, inputs: KernelInputs, attributes: object): TensorInfo;
  /** The library's own kernel of the composed kernel's name. */
  runReplaced(inputs: KernelInputs, attributes: object): TensorInfo;
  free(tensor: TensorInfo): void;
}

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

/** Runs something that computes with `training: true`, with the dropouts of a model switched off. */
export function withoutDropout(model: tf.LayersModel, run: () => void): void {
  const dropouts = model.layers.filter((layer) => layer.getClassName() === 'Dropout') as unknown as { rate: number }[];
  const rates = dropouts.map(({ rate }) => rate);
  for (const dropout of dropouts) dropout.rate = 0;
  try {
    run();
  } finally {
    dropouts.forEach((dropout, index) => (dropout.rate = rates[index]));
  }
}

/** Runs a registered kernel on the current backend; not on the gradient tape. One tensor an output. */
export function runKernel(name: string, inputs: Record<string, tf.Tensor>, attributes: object): tf.Tensor[] {
  const result: unknown = tf.engine().runKernel(name, inputs, attributes as tf.NamedAttrMap);
  return (Array.isArray(result) ? result : [result]) as tf.Tensor[];
}

/** True when a kernel of this name is registered for the current backend. */
export function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined;
}

/** Registers a plain kernel; an existing one of the same name gives way. */
export function registerPlainKernel<Attributes>(backendName: BackendName, kernel: PlainKernel<Attributes>): void {
  replaceKernel(backendName, kernel.name, (namedInputs, attributes, backend) => {
    const inputs = kernel.inputs.map((name) => namedInputs[name]);
    const shapes = inputs.map((input) => input.shape);
    const typed = attributes as Attributes;
    const outputShapes = kernel.outputShapes(shapes, typed);
    if (!(backend instanceof BackendWasm)) {
      const outputs = outputShapes.map((shape) => new Float32Array(elementCount(shape)));
      kernel.compute(
        inputs.map((input) => readValues(backend, input)),
        outputs,
        shapes,
        typed,
      );
      return oneOrAll(outputs.map((values, index) => writeValues(backend, values, outputShapes[index])));
    }
    // Outputs first: making one may grow the heap, which detaches every view taken before.
    const outputs = outputShapes.map((shape) => backend.makeOutput(shape, 'float32') as TensorInfo);
    const view = (info: TensorInfo) => asFloats(backend.typedArrayFromHeap(info));
    kernel.compute(inputs.map(view), outputs.map(view), shapes, typed);
    return oneOrAll(outputs);
  });
}

/** Registers a composed kernel; an existing one of the same name gives way. */
export function registerComposedKernel<Attributes>(backendName: BackendName, kernel: ComposedKernel<Attributes>): void {
  const replaced = tf.getKernel(kernel.name, backendName);
  replaceKernel(backendName, kernel.name, (inputs, attributes, backend) => {
    const call = (name: string, config: tf.KernelConfig | undefined, parts: KernelInputs, attrs: object) => {
      if (config === undefined) throw new Error(`backend "${backendName}" has no kernel ${name}`);
      const namedInputs = parts as unknown as tf.NamedTensorInfoMap;
      const result = config.kernelFunc({ inputs: namedInputs, attrs: attrs as tf.NamedAttrMap, backend });
      return (Array.isArray(result) ? result[0] : result) as unknown as TensorInfo;
    };
    const runner: KernelRunner = {
      run: (name, parts, attrs) => call(name, tf.getKernel(name, backendName), parts, attrs),
      runReplaced: (parts, attrs) => call(kernel.name, replaced, parts, attrs),
      free: (tensor) => void backend.disposeData(tensor.dataId),
    };
    return kernel.compose(inputs, attributes as Attributes, runner);
  });
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
    save(saved);
    const gradFunc = (dy: tf.Tensor, kept: tf.Tensor[]) => backward(dy, kept);
    return { value, gradFunc };
  });
  return operation(...inputs);
}

/** Replaces the library's gradient of a kernel, on every backend. */
export function replaceGradient(
  kernelName: string,
  inputs: readonly string[],
  gradients: (dy: tf.Tensor, inputs: readonly tf.Tensor[], attributes: object) => (() => tf.Tensor)[],
): void {
  tf.unregisterGradient(kernelName);
  tf.registerGradient({
    kernelName,
    inputsToSave: [...inputs],
    gradFunc: (dy, saved, attributes) => {
      const parts = gradients(dy as tf.Tensor, saved, attributes as object);
      return Object.fromEntries(inputs.map((name, index) => [name, parts[index]]));
    },
  });
}

type KernelFunction = (
  inputs: KernelInputs,
  attributes: object,
  backend: tf.KernelBackend,
) => TensorInfo | TensorInfo[];

/** The library's kernels return a list only where there are several outputs, and its gradients rely on it. */
function oneOrAll(outputs: TensorInfo[]): TensorInfo | TensorInfo[] {
  return outputs.length === 1 ? outputs[0] : outputs;
}

function replaceKernel(backendName: BackendName, kernelName: string, kernel: KernelFunction): void {
  const existing = tf.getKernel(kernelName, backendName);
  if (existing !== undefined) tf.unregisterKernel(kernelName, backendName);
  const kernelFunc: tf.KernelFunc = ({ inputs, attrs, backend }) =>
    kernel(inputs as unknown as KernelInputs, attrs ?? {}, backend as tf.KernelBackend) as
      tf.TensorInfo | tf.TensorInfo[];
  tf.registerKernel({ ...existing, kernelName, backendName, kernelFunc });
}

function readValues(backend: tf.KernelBackend, tensor: TensorInfo): Float32Array {
  return asFloats(backend.readSync(tensor.dataId));
}

function asFloats(values: unknown): Float32Array {
  return values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>);
}

function writeValues(backend: tf.KernelBackend, values: Float32Array, shape: number[]): TensorInfo {
  return { dataId: backend.write(values, shape, 'float32'), shape, dtype: 'float32' };
}
