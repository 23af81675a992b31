import { QfxError } from '../qfx/errors.js';
import { instantiate } from '../qfx/web-assembly.js';
import type { WasmMemory } from '../qfx/web-assembly.js';
import { callKernel, oneOrAll, replaceKernel } from './tensorflow-kernels.js';
import type { TensorInfo } from './tensorflow-kernels.js';
import { tf } from './tensorflow.js';
import type { BackendWasm } from './tensorflow.js';

/** Kernels in WebAssembly on the memory of the tensor library's wasm backend, which is internal to it. */

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
      return callKernel(portable, namedInputs, attributes, backend);
    }
    return oneOrAll(heap.call(kernel, inputs, attributes as Attributes));
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
    const address = this.allocator._malloc(bytes) >>> 0;
    if (address === 0) throw new QfxError('backend "wasm"', `its memory has no room for ${bytes} more bytes`);
    return address;
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

/** What the library's own types leave out, or may be without. */
type WasmInternals = Partial<Allocator> & { readonly asm?: { readonly memory?: WasmMemory } };

const heaps = new WeakMap<BackendWasm, Map<string, Heap | undefined>>();

/** Undefined, with one warning, where this version of the tensor library hides what a heap kernel needs. */
function heapOf(backend: BackendWasm, assembly: string): Heap | undefined {
  let modules = heaps.get(backend);
  if (modules === undefined) heaps.set(backend, (modules = new Map()));
  if (!modules.has(assembly)) modules.set(assembly, makeHeap(backend, assembly));
  return modules.get(assembly);
}

function makeHeap(backend: BackendWasm, assembly: string): Heap | undefined {
  const { asm, _malloc, _free } = backend.wasm as unknown as WasmInternals;
  const memory = asm?.memory;
  const isUsable =
    memory?.buffer instanceof ArrayBuffer &&
    typeof backend.dataIdMap?.get === 'function' &&
    [_malloc, _free].every((allocator) => typeof allocator === 'function');
  if (isUsable) return new Heap(backend, memory, instantiate(assembly, memory));
  console.warn(
    "QFX: this build of TensorFlow.js' wasm backend does not show its memory, so QFX's fast kernels are off and " +
      'training is several times slower. They are written for @tensorflow/tfjs-backend-wasm 4.22.0.',
  );
  return undefined;
}
