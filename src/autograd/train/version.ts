import { readFileSync } from 'node:fs';

/** QFX's version, as its package.json states it; the file lies three folders up in the sources and in a build alike. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
