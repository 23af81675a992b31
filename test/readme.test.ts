import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, vi } from 'vitest';

const repository = process.cwd();
const read = (path: string) => readFile(join(repository, path), 'utf8');
const documents = ['README.md', ...(await readdir('docs')).map((file) => `docs/${file}`)];

/** The code blocks of a document, by language. */
function codeBlocks(text: string): { language: string; code: string }[] {
  return [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language, code]) => ({ language, code }));
}

describe('the script of the README', () => {
  it('is examples/quickstart.mjs', async () => {
    const scripts = codeBlocks(await read('README.md')).filter(({ language }) => language === 'js');
    expect(scripts.map(({ code }) => code)).toEqual([await read('examples/quickstart.mjs')]);
  });

  it('trains, exports and simulates without a mismatch', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qfx-readme-'));
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    process.chdir(folder);
    try {
      await import(pathToFileURL(join(repository, 'examples/quickstart.mjs')).href);
    } finally {
      process.chdir(repository);
      await rm(folder, { recursive: true });
    }
    const printed = log.mock.calls.map(([line]) => String(line));
    log.mockRestore();
    expect(printed).toEqual([
      expect.stringMatching(/^9\d\.\d % of 10000 test images, in fixed point$/),
      expect.stringMatching(/^C\+\+ against integers: [1-9]\d* values of all layers, 0 mismatches$/),
    ]);
  }, 300_000);
});

describe('the documentation', () => {
  it.each(documents)('has no dead links: %s', async (document) => {
    const text = await read(document);
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path, anchor] = target.split('#');
      const file = path === '' ? document : join(dirname(document), path);
      expect(existsSync(join(repository, file)), `${target} in ${document}`).toBe(true);
      if (anchor !== undefined) expect(anchors(await read(file)), `${target} in ${document}`).toContain(anchor);
    }
  });

  it('names commands that there are', async () => {
    const commands = (await readdir('src/cli')).map((file) => file.replace(/\.ts$/, ''));
    for (const document of documents) {
      const named = [...(await read(document)).matchAll(/(?:npx |`|; |\s)qfx ([a-z-]+)/g)].map(
        ([, command]) => command,
      );
      for (const command of named) expect(commands, `qfx ${command} in ${document}`).toContain(command);
    }
    expect(await read('README.md')).toMatch(/qfx train/);
  });

  it('quotes code as it is', async () => {
    const bare = (text: string) => text.replace(/\s+/g, '');
    const quotes = codeBlocks(await read('docs/add-an-operation.md')).flatMap(({ code }) => {
      const [, path, quoted] = /^\/\/ (\S+)\n([^]*)$/.exec(code) ?? [];
      return path === undefined ? [] : [{ path, quoted }];
    });
    expect(quotes.length).toBeGreaterThan(9);
    for (const { path, quoted } of quotes) expect(bare(await read(path)), path).toContain(bare(quoted));
  });

  it('lists errors in the words of the code', async () => {
    const folders = ['src', 'templates/hls'];
    const files = (await Promise.all(folders.map(sourcesIn))).flat();
    // Texts that are put together over several lines, as one.
    const texts = (await Promise.all(files.map(read))).map((text) => text.replace(/[`'"]?\s*\+\s*[`'"]/g, ''));
    const rows = (await read('docs/errors.md')).match(/^\| `.*$/gm) ?? [];
    const messages = rows
      .flatMap((row) => row.split(' | ')[0].match(/`[^`]+`/g) ?? [])
      .filter((text) => / /.test(text));
    expect(messages.length).toBeGreaterThan(60);
    const unknown: string[] = [];
    for (const message of messages) {
      // Between names and numbers, and between the parts that a message is put together from.
      const parts = message.slice(1, -1).split(/\.\.\.|[<>]|\d+|NaN|"[a-z]+"|"?: "?/);
      for (const part of parts.map((text) => text.trim()).filter((text) => text.length > 5))
        if (!texts.some((text) => text.includes(part))) unknown.push(`"${part}" of ${message}`);
    }
    expect(unknown).toEqual([]);
  });
});

/** Where headings of a document can be linked to, the way GitHub names them. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

async function sourcesIn(folder: string): Promise<string[]> {
  const paths = await readdir(join(repository, folder), { recursive: true });
  return paths.filter((path) => /\.(ts|h|hbs)$/.test(path)).map((path) => join(folder, path));
}
