import { access, open, readFile, rm } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import Handlebars from 'handlebars';
import { makeFolders } from '../make-folders.js';
import { packageRoot, packageVersion } from '../package-root.js';
import { QfxError } from '../qfx/errors.js';
import { pasteable, quote } from './command.js';
import type { Command } from './command.js';

/** Files of a new project, each from `templates/init/<name>.hbs`. */
const templates = ['network.ts', 'README.md', 'package.json', 'tsconfig.json'] as const;
/** A package.json that is already there is the user's own and stays as it is. */
const keptWhenPresent: ReadonlySet<string> = new Set(['package.json', 'tsconfig.json']);

/** `qfx init`: a small project that trains and exports. */
export const init: Command<{ dir: string }> = {
  command: 'init <dir>',
  describe: 'Make a project that trains a network and exports it',
  examples: [['$0 init my-network', 'Write network.ts, README.md and package.json into my-network/']],
  options: (yargs) =>
    yargs.positional('dir', { type: 'string', demandOption: true, describe: 'Folder to make, or an existing one' }),
  async run({ dir }) {
    const folder = resolve(dir);
    const name =
      basename(folder)
        .toLowerCase()
        .replace(/[^a-z0-9-]+/g, '-')
        .replace(/^-+|-+$/g, '') || 'network';
    const present = new Set<string>();
    for (const file of templates) if (await exists(join(folder, file))) present.add(file);
    const inTheWay = [...present].find((file) => !keptWhenPresent.has(file));
    if (inTheWay)
      throw new QfxError(join(folder, inTheWay), 'is already there; choose an empty folder or another name');

    const written = templates.filter((file) => !present.has(file));
    const dependency = dependencyOnQfx();
    await writeAll(folder, await render(written, { name, dependency: JSON.stringify(dependency) }));
    const enter = folder === process.cwd() ? [] : [`cd ${quote(dir)}`];
    const install = present.has('package.json') ? `npm install ${quote(`qfx@${dependency}`)}` : 'npm install';
    const next = [...enter, install, pasteable('train', 'network.ts')];
    return {
      document: { folder, name, files: written },
      text: `${written.map((file) => `wrote ${join(dir, file)}`).join('\n')}\n\nNext:\n${next.map((line) => `  ${line}`).join('\n')}`,
    };
  },
};

/** How package.json names this QFX: one that npm has installed by its version, a clone by its folder. */
function dependencyOnQfx(): string {
  const root = packageRoot();
  return root.split(sep).includes('node_modules') ? `^${packageVersion()}` : `file:${root.replaceAll('\\', '/')}`;
}

/** Contents of files by their names. */
type Contents = ReadonlyMap<string, string>;

async function render(
  files: readonly string[],
  values: { readonly name: string; readonly dependency: string },
): Promise<Contents> {
  const contents = new Map<string, string>();
  for (const file of files) {
    const text = await readFile(join(packageRoot(), 'templates', 'init', `${file}.hbs`), 'utf8');
    contents.set(file, Handlebars.compile(text, { noEscape: true, strict: true })(values));
  }
  return contents;
}

/** Writes all files or none: after a failure, such as a full disk, the folder is as it was. */
async function writeAll(folder: string, contents: Contents): Promise<void> {
  const made: string[] = [];
  try {
    const firstMade = await makeFolders(folder);
    if (firstMade !== undefined) made.push(firstMade);
    for (const [file, text] of contents) {
      const handle = await open(join(folder, file), 'wx');
      made.push(join(folder, file)); // from now on it is ours to remove
      await handle.writeFile(text).finally(() => handle.close());
    }
  } catch (cause) {
    for (const path of made) await rm(path, { recursive: true, force: true });
    throw new QfxError(folder, `the project cannot be written (${(cause as Error).message})`, { cause });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
