import { elementCount } from '../qfx/number/shape.js';
import { BackendWasm, tf } from './tensorflow.js';
import type { BackendName } from './tensorflow.js';

/** Kernels of QFX in the tensor library: what they are, and how they are registered. */

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
      const result = callKernel(config, parts, attrs, backend);
      return Array.isArray(result) ? result[0] : result;
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
 * Makes the wasm backend hand on a tensor that does not change, as the other backends do, where it would copy it: `Identity`,
 * and `Cast` to the type that it has already. The engine makes an identity of every tensor that it keeps for a gradient.
 */
export function shareUnchangedTensors(): void {
  for (const name of ['Identity', 'Cast']) {
    const copying = tf.getKernel(name, 'wasm');
    if (copying === undefined) throw new Error(`backend "wasm" has no kernel ${name}`);
    replaceKernel('wasm', name, ({ x }, attributes, backend) => {
      const { dtype = x.dtype } = attributes as { readonly dtype?: string };
      if (x.dtype !== dtype || dtype !== 'float32') return callKernel(copying, { x }, attributes, backend);
      (backend as BackendWasm).incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype };
    });
  }
}

type KernelFunction = (
  inputs: KernelInputs,
  attributes: object,
  backend: tf.KernelBackend,
) => TensorInfo | TensorInfo[];

/** The library's kernels return a list only where there are several outputs, and its gradients rely on it. */
export function oneOrAll(outputs: TensorInfo[]): TensorInfo | TensorInfo[] {
  return outputs.length === 1 ? outputs[0] : outputs;
}

/** Registers a kernel; an existing one of the same name gives way. */
export function replaceKernel(backendName: BackendName, kernelName: string, kernel: KernelFunction): void {
  const existing = tf.getKernel(kernelName, backendName);
  if (existing !== undefined) tf.unregisterKernel(kernelName, backendName);
  const kernelFunc: tf.KernelFunc = ({ inputs, attrs, backend }) =>
    kernel(inputs as unknown as KernelInputs, attrs ?? {}, backend as tf.KernelBackend) as
      tf.TensorInfo | tf.TensorInfo[];
  tf.registerKernel({ ...existing, kernelName, backendName, kernelFunc });
}

/** Calls a kernel that is or was registered. */
export function callKernel(
  kernel: tf.KernelConfig,
  inputs: KernelInputs,
  attributes: object,
  backend: tf.KernelBackend,
): TensorInfo | TensorInfo[] {
  return kernel.kernelFunc({
    inputs: inputs as unknown as tf.NamedTensorInfoMap,
    attrs: attributes as tf.NamedAttrMap,
    backend,
  }) as TensorInfo | TensorInfo[];
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
