import { makeMemory } from '../../web-assembly.js';
import type { WasmMemory } from '../../web-assembly.js';

const pageBytes = 2 ** 16;
const alignment = 16;
/** Kernels read up to this many bytes behind the end of an array (and use none of them). */
const slack = 32;

/** A memory that is handed out piece by piece and never taken back: what a prepared network needs is known beforehand. */
export class Arena {
  readonly memory: WasmMemory = makeMemory(1);
  private end = alignment;

  /** The address of so many bytes, all of them 0. */
  allocate(bytes: number): number {
    const address = this.end;
    this.end = Math.ceil((address + bytes + slack) / alignment) * alignment;
    const missing = Math.ceil((this.end - this.memory.buffer.byteLength) / pageBytes);
    if (missing > 0) this.memory.grow(missing);
    return address;
  }

  /** The address of a copy of an array. */
  constant(values: Int16Array | Int32Array | BigInt64Array): number {
    const address = this.allocate(values.byteLength);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    new Uint8Array(this.memory.buffer).set(bytes, address);
    return address;
  }
}

/** Room for values that live no longer than a step: all steps share it. Its address is known once every step has reserved. */
export class Scratch {
  private bytes = 0;
  /** 0 until it is allocated. */
  address = 0;

  reserve(bytes: number): void {
    this.bytes = Math.max(this.bytes, bytes);
  }

  allocate(arena: Arena): void {
    this.address = arena.allocate(this.bytes);
  }
}
