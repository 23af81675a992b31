import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The npm package with clang in WebAssembly, and its version. */
export function npmCompilerVersion(): string {
  const bundle = createRequire(import.meta.url).resolve('@yowasp/clang');
  const content = JSON.parse(readFileSync(join(dirname(bundle), '..', 'package.json'), 'utf8')) as { version: string };
  return `@yowasp/clang ${content.version}`;
}
