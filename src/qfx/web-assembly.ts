/** The little of WebAssembly that QFX uses; the compiler's own types for it come with a browser's. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** Adds pages of 64 KiB; returns how many there were. Views of the old buffer become empty. */
  grow(pages: number): number;
}

interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: object };
  readonly Memory: new (limits: { readonly initial: number; readonly maximum?: number }) => WasmMemory;
}

const { WebAssembly: api } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi };

/** Makes a memory of so many pages of 64 KiB. */
export function makeMemory(pages: number): WasmMemory {
  return new api.Memory({ initial: pages });
}

/** Modules that were compiled before, by their base64. */
const modules = new Map<string, object>();

/**
 * Makes the functions of a module that scripts/build-wasm.mjs wrote work on a memory.
 * @param assembly the module, as base64
 */
export function instantiate<Functions extends object>(assembly: string, memory: WasmMemory): Functions {
  let module = modules.get(assembly);
  if (!module) {
    module = new api.Module(Uint8Array.from(atob(assembly), (character) => character.charCodeAt(0)));
    modules.set(assembly, module);
  }
  return new api.Instance(module, { env: { memory } }).exports as Functions;
}
