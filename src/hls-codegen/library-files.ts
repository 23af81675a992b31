import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../package-root.js';

/** Folders of headers that every project carries along: place in the project to place in `templates/hls`. */
const folders = { include: 'include', simulation: 'simulation' } as const;

/** Our HLS library and the simulation headers as they go into a project, path to text, in a fixed order. */
export async function libraryFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const [target, source] of Object.entries(folders)) {
    const folder = join(packageRoot(), 'templates', 'hls', source);
    const paths = (await readdir(folder, { recursive: true })).map((path) => path.replaceAll('\\', '/'));
    for (const path of paths.filter((name) => name.endsWith('.h')).sort()) {
      const text = await readFile(join(folder, path), 'utf8');
      files.set(`${target}/${path}`, text.replaceAll('\r\n', '\n'));
    }
  }
  return files;
}
