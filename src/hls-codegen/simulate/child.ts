import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * The arguments that make Node run a module of this folder as a program of its own: the compiled one, or, when QFX runs
 * from its TypeScript sources, the source.
 * @param name for example `wasi-program`
 */
export function moduleArguments(name: string): string[] {
  const extension = extname(fileURLToPath(import.meta.url));
  const file = fileURLToPath(new URL(`./${name}${extension}`, import.meta.url));
  // WebAssembly's system interface is announced as experimental on standard error at every start.
  const quiet = '--no-warnings';
  if (extension !== '.ts') return [quiet, file];
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return [quiet, '--import', loader, file];
}
