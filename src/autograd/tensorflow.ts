import * as tf from '@tensorflow/tfjs';
import { BackendWasm, setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import { elementCount } from '../qfx/number/shape.js';
import { instantiate } from '../qfx/web-assembly.js';
import type { WasmMemory } from '../qfx/web-assembly.js';

/**
 * The door to the tensor library; tensorflow-node.ts is a second one, to its native backend. Everything that is loosely typed
 * or internal in the library is used in the two and nowhere else.
 * `initializeBackend`, which also registers QFX's kernels, is in backend.ts.
 */
export { tf };

/** The backends that QFX's kernels are written for, as the library names them. */
export type BackendName = 'wasm' | 'cpu' | 'tensorflow';

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

/**
 * A kernel in WebAssembly on the memory of the wasm backend: addresses in, addresses out.
 * @template Functions what its module exports
 */
export interface HeapKernel<Attributes, Functions> {
  readonly name: string;
  /** Names of the inputs, in the order in which `compute` gets their addresses. */
  readonly inputs: readonly string[];
  /** Shapes of the outputs, from the shapes of the inputs. */
  outputShapes(inputShapes: readonly number[][], attributes: Attributes): number[][];
  /** Whether it serves such inputs, or leaves them to the portable form. Absent: it serves all. */
  serves?(inputShapes: readonly number[][], attributes: Attributes): boolean;
  /** Fills every element of the outputs: their memory holds anything before. */
  compute(call: HeapCall<Attributes, Functions>): void;
}

/** One call of a heap kernel. Addresses are in bytes; everything is float32, row-major. */
export interface HeapCall<Attributes, Functions> {
  readonly functions: Functions;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly inputShapes: readonly number[][];
  readonly outputShapes: readonly number[][];
  readonly attributes: Attributes;
  /** The address of memory for so many float32 that is free again after the call; it holds anything before. */
  scratch(length: number): number;
  /** Writes numbers to an address. */
  write(address: number, values: ArrayLike<number>): void;
  /** The numbers at an address, as they are until the next call of `scratch`. */
  read(address: number, length: number): Float32Array;
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
  return asFloats(isOnHeap ? backend.typedArrayFromHeap(tensor) : tensor.dataSync());
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
 * Registers a heap kernel over the kernel of its name that is registered already. That one still serves tensors of other
 * types than float32, what the heap kernel leaves to it, and everything where the backend does not show its memory.
 * @param assembly the module, as scripts/build-wasm.mjs wrote it
 */
export function registerHeapKernel<Attributes, Functions extends object>(
  kernel: HeapKernel<Attributes, Functions>,
  assembly: string,
): void {
  const portable = tf.getKernel(kernel.name, 'wasm');
  replaceKernel('wasm', kernel.name, (namedInputs, attributes, backend) => {
    const inputs = kernel.inputs.map((name) => namedInputs[name]);
    const heap = heapOf(backend as BackendWasm, assembly);
    const shapes = inputs.map(({ shape }) => shape);
    const isServed =
      inputs.every(({ dtype }) => dtype === 'float32') &&
      (kernel.serves === undefined || kernel.serves(shapes, attributes as Attributes));
    if (heap === undefined || !isServed) {
      if (portable === undefined) throw new Error(`backend "wasm" has no portable kernel ${kernel.name}`);
      const parts = namedInputs as unknown as tf.NamedTensorInfoMap;
      return portable.kernelFunc({
        inputs: parts,
        attrs: attributes as tf.NamedAttrMap,
        backend,
      }) as unknown as TensorInfo;
    }
    return oneOrAll(heap.call(kernel, inputs, attributes as Attributes));
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
      if (x.dtype !== dtype || dtype !== 'float32') {
        const inputs = { x } as unknown as tf.NamedTensorInfoMap;
        return copying.kernelFunc({ inputs, attrs: attributes as tf.NamedAttrMap, backend }) as unknown as TensorInfo;
      }
      (backend as BackendWasm).incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype };
    });
  }
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

/** What Emscripten's modules have, and the library's types leave out. */
interface Allocator {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** Memory for the time of a call: one block that grows to what the largest call has needed. */
class Scratch {
  private block = 0;
  private size = 0;
  private used = 0;
  private readonly beside: number[] = [];

  constructor(private readonly allocator: Allocator) {}

  /** The address of so many float32, aligned to four of them. */
  take(length: number): number {
    const bytes = Math.ceil(length / 4) * 16;
    this.used += bytes;
    if (this.used <= this.size) return this.block + this.used - bytes;
    const address = this.allocate(bytes);
    this.beside.push(address);
    return address;
  }

  /** Ends a call. */
  release(): void {
    for (const address of this.beside.splice(0)) this.allocator._free(address);
    const needed = this.used;
    this.used = 0;
    if (needed <= this.size) return;
    this.allocator._free(this.block);
    this.size = 0;
    this.block = this.allocate(needed);
    this.size = needed;
  }

  private allocate(bytes: number): number {
    // Addresses above 2 GiB come as negative numbers.
    return this.allocator._malloc(bytes) >>> 0;
  }
}

/** The memory of the wasm backend with the functions of one module on it. */
class Heap {
  private readonly scratch: Scratch;

  constructor(
    private readonly backend: BackendWasm,
    private readonly memory: WasmMemory,
    private readonly functions: object,
  ) {
    this.scratch = new Scratch(backend.wasm as unknown as Allocator);
  }

  call<Attributes, Functions>(
    kernel: HeapKernel<Attributes, Functions>,
    inputs: readonly TensorInfo[],
    attributes: Attributes,
  ): TensorInfo[] {
    const { backend, memory, scratch } = this;
    const make = (shape: number[]) => backend.makeOutput(shape, 'float32') as TensorInfo;
    const address = ({ dataId }: TensorInfo) => backend.dataIdMap.get(dataId).memoryOffset;
    const inputShapes = inputs.map(({ shape }) => shape);
    const outputShapes = kernel.outputShapes(inputShapes, attributes);
    const outputs = outputShapes.map(make);
    try {
      kernel.compute({
        functions: this.functions as Functions,
        inputs: inputs.map(address),
        outputs: outputs.map(address),
        inputShapes,
        outputShapes,
        attributes,
        scratch: (length) => scratch.take(length),
        // The buffer is asked for each time: it is another one after the memory has grown.
        write: (at, values) => new Float32Array(memory.buffer, at, values.length).set(values),
        read: (at, length) => new Float32Array(memory.buffer, at, length),
      });
    } finally {
      scratch.release();
    }
    return outputs;
  }
}

const heaps = new WeakMap<BackendWasm, Map<string, Heap | undefined>>();

/** Undefined, with one warning, where this version of the tensor library hides what a heap kernel needs. */
function heapOf(backend: BackendWasm, assembly: string): Heap | undefined {
  let modules = heaps.get(backend);
  if (modules === undefined) heaps.set(backend, (modules = new Map()));
  if (!modules.has(assembly)) modules.set(assembly, makeHeap(backend, assembly));
  return modules.get(assembly);
}

function makeHeap(backend: BackendWasm, assembly: string): Heap | undefined {
  const { asm } = backend.wasm as unknown as { readonly asm?: { readonly memory?: WasmMemory } };
  const memory = asm?.memory;
  const isUsable = memory?.buffer instanceof ArrayBuffer && typeof backend.dataIdMap?.get === 'function';
  if (isUsable) return new Heap(backend, memory, instantiate(assembly, memory));
  console.warn(
    "QFX: this build of TensorFlow.js' wasm backend does not show its memory, so QFX's fast kernels are off and " +
      'training is several times slower. They are written for @tensorflow/tfjs-backend-wasm 4.22.0.',
  );
  return undefined;
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

function readValues(backend: tf.KernelBackend, tensor: TensorInfo): Float32Array {
  return asFloats(backend.readSync(tensor.dataId));
}

function asFloats(values: unknown): Float32Array {
  return values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>);
}

function writeValues(backend: tf.KernelBackend, values: Float32Array, shape: number[]): TensorInfo {
  return { dataId: backend.write(values, shape, 'float32'), shape, dtype: 'float32' };
}
