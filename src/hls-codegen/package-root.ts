import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { QfxError } from '../qfx/errors.js';

interface Package {
  readonly name?: unknown;
  readonly version?: unknown;
}

let found: { readonly folder: string; readonly version: string } | undefined;

function locate(): { readonly folder: string; readonly version: string } {
  if (found) return found;
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const content = JSON.parse(readFileSync(file, 'utf8')) as Package;
      if (content.name === 'qfx') return (found = { folder, version: String(content.version) });
    }
    if (dirname(folder) === folder) {
      throw new QfxError(
        start,
        "no package.json of qfx in this folder or above; QFX's templates and boards lie beside it",
      );
    }
  }
}

/** The folder of the installed QFX package: `templates/` and `boards/` lie in it, for sources and for a build alike. */
export function packageRoot(): string {
  return locate().folder;
}

/** QFX's version, as its package.json states it. */
export function packageVersion(): string {
  return locate().version;
}
