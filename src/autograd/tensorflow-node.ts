import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import { QfxError } from '../qfx/errors.js';
import { nativeThreads, packageFolder, packages, tfjsSymbol } from './native/installation.js';
import type { Installation } from './native/installation.js';
import { callKernel, replaceKernel } from './tensorflow-kernels.js';
import type { KernelInputs, TensorInfo } from './tensorflow-kernels.js';
import { tf } from './tensorflow.js';

/**
 * The second door to the tensor library: its native backend, "tensorflow", which runs TensorFlow's own operations and QFX's
 * (folder native/). What of it is loosely typed or internal is used here and nowhere else.
 */

/** A value of an operation's attribute: numbers are whole. */
export type Attribute = boolean | number | readonly number[] | string | { readonly type: 'float32' };

/** Runs operations by their names. What they return belongs to the caller. */
export interface OperationRunner {
  run(name: string, inputs: readonly TensorInfo[], attributes: Readonly<Record<string, Attribute>>): TensorInfo;
  /** For an operation with several outputs. */
  runAll(
    name: string,
    inputs: readonly TensorInfo[],
    attributes: Readonly<Record<string, Attribute>>,
    outputs: number,
  ): TensorInfo[];
  /** A tensor of one axis. It is not the caller's: the same numbers may be the same tensor in the next call. */
  numbers(values: readonly number[], type?: 'float32' | 'int32'): TensorInfo;
}

/** A kernel of the native backend that is made of operations. */
export interface NativeKernel<Attributes> {
  readonly name: string;
  /** False for a call that the kernel of that name registered before has to do; absent: there is none. */
  handles?(attributes: Attributes): boolean;
  compute(inputs: KernelInputs, attributes: Attributes, operations: OperationRunner): TensorInfo | TensorInfo[];
}

/** What is used of the binding: https://github.com/tensorflow/tfjs, tfjs-node/binding. */
interface Binding {
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  createTensor(shape: readonly number[], type: number, values: Float32Array | Int32Array): number;
  deleteTensor(id: number): void;
  executeOp(
    name: string,
    attributes: readonly object[],
    inputs: readonly number[],
    outputs: number,
  ): { readonly id: number; readonly shape: number[]; readonly dtype: number }[];
}

/** What is used of tfjs-node's backend. */
interface NodeBackend extends tf.KernelBackend {
  readonly binding: Binding;
  readonly tensorMap: { set(dataId: object, content: object): void };
  getInputTensorIds(tensors: readonly TensorInfo[]): number[];
}

/** How many threads TensorFlow computes on in this process: settled when it is loaded, undefined before. */
let loadedThreads: number | undefined;

/** The threads of the native backend, which is loaded. */
export function loadedNativeThreads(): number {
  if (loadedThreads === undefined) throw new Error('the native backend is not loaded');
  return loadedThreads;
}

/**
 * Makes the backend "tensorflow" known to TensorFlow.js, with the kernels of tfjs-node; starts nothing.
 * Calling it again does nothing once it is loaded.
 * @throws QfxError when it does not load
 */
export function loadNativeBackend(installation: Installation): void {
  if (loadedThreads !== undefined) return;
  const threads = nativeThreads();
  // TensorFlow reads these while it is loaded. Results depend on the number of threads, so it is never left to chance.
  process.env.TF_NUM_INTRAOP_THREADS = String(threads);
  // Its convolutions are several times as fast as the others, and as exact; their sums have another order, so that nobody
  // else decides.
  process.env.TF_ENABLE_ONEDNN_OPTS = '1';
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '1';
  // tfjs-node calls two functions that Node 23 no longer has.
  const oldUtil = util as unknown as Record<string, unknown>;
  oldUtil.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  oldUtil.isArray ??= Array.isArray;
  try {
    loadFiles(installation);
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw new QfxError(
      'backend "node"',
      `does not load: ${reason}. Run qfx setup tfjs-node, which repairs what is damaged, or use wasm`,
    );
  }
  loadedThreads = threads;
}

function loadFiles({ binding: path, build }: Installation): void {
  const require = createRequire(import.meta.url);
  const binding = require(path) as Binding;
  (globalThis as Record<symbol, unknown>)[Symbol.for(tfjsSymbol)] = require('@tensorflow/tfjs');
  const dist = join(packageFolder(build, packages.tfjsNode), 'dist');
  // Not its index.js, which would look for a binding of its own, and switch every user of TensorFlow.js to this backend.
  const { NodeJSKernelBackend } = require(join(dist, 'nodejs_kernel_backend.js')) as {
    NodeJSKernelBackend: new (binding: Binding, packageName: string) => tf.KernelBackend;
  };
  require(join(dist, 'register_all_kernels.js'));
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, packages.tfjsNode.name), 0);
}

/**
 * Registers a native kernel over the kernel of its name that is registered already. That one still serves tensors of other
 * types than float32, and what the kernel does not handle.
 */
export function registerNativeKernel<Attributes>(kernel: NativeKernel<Attributes>): void {
  const replaced = tf.getKernel(kernel.name, 'tensorflow');
  replaceKernel('tensorflow', kernel.name, (inputs, attributes, backend) => {
    const typed = attributes as Attributes;
    const isHandled = kernel.handles === undefined || kernel.handles(typed);
    if (replaced !== undefined && (!isHandled || Object.values(inputs).some(({ dtype }) => dtype !== 'float32')))
      return callKernel(replaced, inputs, attributes, backend);
    const operations = new Operations(backend as NodeBackend);
    try {
      return kernel.compute(inputs, typed, operations);
    } finally {
      operations.free();
    }
  });
}

class Operations implements OperationRunner {
  constructor(private readonly backend: NodeBackend) {}

  run(name: string, inputs: readonly TensorInfo[], attributes: Readonly<Record<string, Attribute>>): TensorInfo {
    return this.runAll(name, inputs, attributes, 1)[0];
  }

  runAll(
    name: string,
    inputs: readonly TensorInfo[],
    attributes: Readonly<Record<string, Attribute>>,
    outputs: number,
  ): TensorInfo[] {
    const { backend } = this;
    const { binding } = backend;
    const described = Object.entries(attributes).map(([key, value]) => ({ name: key, ...describe(binding, value) }));
    return binding.executeOp(name, described, backend.getInputTensorIds(inputs), outputs).map((made) => {
      const dataId = {};
      backend.tensorMap.set(dataId, { ...made, values: null, refCount: 1 });
      return { dataId, shape: made.shape, dtype: 'float32' };
    });
  }

  numbers(values: readonly number[], type: 'float32' | 'int32' = 'float32'): TensorInfo {
    const key = `${type} ${values.join()}`;
    let tensor = knownNumbers.get(key);
    if (tensor === undefined) {
      const typed = type === 'float32' ? Float32Array.from(values) : Int32Array.from(values);
      const dataId = this.backend.write(typed, [values.length], type);
      tensor = { dataId, shape: [values.length], dtype: type } as TensorInfo;
      knownNumbers.set(key, tensor);
    }
    return tensor;
  }

  free(): void {
    if (knownNumbers.size <= mostNumbers) return;
    for (const { dataId } of knownNumbers.values()) this.backend.disposeData(dataId);
    knownNumbers.clear();
  }
}

/**
 * The tensors of `numbers`, by their contents: casts and shapes stay the same over many calls, and making a tensor takes as long
 * as a small operation.
 */
const knownNumbers = new Map<string, TensorInfo>();
/** Beyond, all of them are made anew. */
const mostNumbers = 1000;

function describe(binding: Binding, value: Attribute): { readonly type: number; readonly value: unknown } {
  if (typeof value === 'string') return { type: binding.TF_ATTR_STRING, value };
  if (typeof value === 'boolean') return { type: binding.TF_ATTR_BOOL, value };
  if (typeof value === 'object' && 'type' in value) return { type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
  return { type: binding.TF_ATTR_INT, value };
}
