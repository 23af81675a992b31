/**
 * A program of its own: runs a WebAssembly module that was compiled for WASI.
 * wasi-program <module> <JSON of its folders: path it sees to path on this machine> [arguments...]
 */
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';

/** The type libraries without a browser know WebAssembly's types, but not its functions. */
interface WebAssemblyFunctions {
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(module: object, imports: object): Promise<object>;
}
const { compile, instantiate } = Reflect.get(globalThis, 'WebAssembly') as WebAssemblyFunctions;

const [module, folders, ...args] = process.argv.slice(2);
const wasi = new WASI({
  version: 'preview1',
  args: ['simulation', ...args],
  preopens: JSON.parse(folders) as Record<string, string>,
  returnOnExit: true,
});
const instance = await instantiate(await compile(readFileSync(module)), wasi.getImportObject());
try {
  process.exitCode = wasi.start(instance);
} catch (error) {
  // A trap: memory or a stack that ends, an abort.
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 134;
}
