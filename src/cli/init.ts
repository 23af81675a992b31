import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import Handlebars from 'handlebars';
import { packageRoot, packageVersion } from '../package-root.js';
import { QfxError } from '../qfx/errors.js';
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

    await mkdir(folder, { recursive: true });
    const written = templates.filter((file) => !present.has(file));
    for (const file of written) {
      const text = await readFile(join(packageRoot(), 'templates', 'init', `${file}.hbs`), 'utf8');
      const render = Handlebars.compile(text, { noEscape: true, strict: true });
      await writeFile(join(folder, file), render({ name, version: packageVersion() }), { flag: 'wx' });
    }
    const enter = folder === process.cwd() ? '' : `  cd ${dir}\n`;
    const install = present.has('package.json') ? '' : '  npm install\n';
    return {
      document: { folder, name, files: written },
      text: `${written.map((file) => `wrote ${join(dir, file)}`).join('\n')}\n\nNext:\n${enter}${install}  npx qfx train network.ts`,
    };
  },
};

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
