import { mkdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveGraph } from 'qfx';
import { tinyNetwork } from './networks.js';
import { expectRefusal, Terminal } from './support.js';

const graph = 'graph.safetensors';
const digits = tinyNetwork({ shape: [28, 28, 1], classes: 10, provenance: { data: { name: 'mnist' } } });

let terminal: Terminal;
let before: string[];
beforeAll(async () => {
  terminal = await Terminal.open();
  const bytes = saveGraph(tinyNetwork());
  const flipped = bytes.slice();
  flipped[flipped.length - 1] ^= 1;
  await terminal.write(graph, bytes);
  await terminal.save(digits, 'digits.safetensors');
  await terminal.save(tinyNetwork({ provenance: { data: { name: 'mine' } } }), 'mine.safetensors');
  await terminal.write('empty.safetensors', '');
  await terminal.write('cut.safetensors', bytes.subarray(0, bytes.length - 5));
  await terminal.write('flipped.safetensors', flipped);
  await terminal.write('foreign/notes.txt', 'mine');
  await terminal.write('broken/project.json', '{ "formatVersion": 1 }');
  await terminal.write('list.json', '[]');
  await terminal.write('text.json', 'text');
  await mkdir(terminal.place('nothing-in-it'));
  before = await terminal.list();
});
afterAll(() => terminal.close());

const exporting = (...args: string[]) => ['export-hls', graph, '--out', 'hls', ...args];
const run = (key: string) => `export default { name: 'a', data: 'mnist', model: () => null, ${key} };`;

describe('one message that names the place, and nothing is written:', () => {
  it.each<readonly [args: readonly string[], naming: readonly (string | RegExp)[]]>([
    [
      ['inspect', 'missing.safetensors'],
      ['missing.safetensors', /no such file/],
    ],
    [
      ['inspect', 'foreign'],
      ['foreign', /directory/],
    ],
    [
      ['inspect', 'empty.safetensors'],
      ['empty.safetensors', '0 bytes'],
    ],
    [['eval', 'cut.safetensors'], ['cut.safetensors']],
    [['eval', 'flipped.safetensors'], ['flipped.safetensors']],
    [['export-hls', 'flipped.safetensors', '--out', 'hls'], ['flipped.safetensors']],
    [exporting('--board', 'nowhere'), ['board "nowhere"', 'ultra96']],
    [exporting('--board', 'foreign'), ['board.json']],
    [exporting('--plan', 'missing.json'), ['missing.json']],
    [exporting('--plan', 'list.json'), ['list.json']],
    [exporting('--plan', 'text.json'), ['text.json', 'JSON']],
    [exporting('--out', 'foreign'), ['foreign', 'left alone']],
    [exporting('--out', 'list.json'), ['list.json', 'a file of this name exists']],
    [
      ['csim', 'missing'],
      ['missing', 'project.json'],
    ],
    [
      ['csim', 'foreign'],
      ['foreign', 'project.json'],
    ],
    [['csim', graph], [graph]],
    [
      ['csim', 'broken'],
      ['project.json', 'qfx'],
    ],
    [
      ['eval', 'digits.safetensors', '--data', 'nowhere'],
      ['data set "mnist"', 'nowhere', 'no such folder'],
    ],
    [
      ['eval', 'digits.safetensors', '--data', 'nothing-in-it'],
      ['nothing-in-it', 't10k-images-idx3-ubyte'],
    ],
    [
      ['eval', graph, '--data-set', 'mnist'],
      ['layer "image"', '[2, 2, 1]', '[28, 28, 1]'],
    ],
    [
      ['train', 'missing.ts'],
      ['missing.ts', 'no such file'],
    ],
    [['train', 'foreign'], ['foreign']],
    [
      ['train', graph],
      [graph, '.ts'],
    ],
  ])('%j', async (args, naming) => {
    expectRefusal(await terminal.qfx(args), 1, ...naming);
    expect(await terminal.list()).toEqual(before);
    expect(await terminal.list('foreign')).toEqual(['notes.txt']);
  });

  it('a data set that only its run description can load', async () => {
    const message = 'was trained on "mine", which code of its run description loads; add --data-set <run description>';
    expectRefusal(await terminal.qfx(['eval', 'mine.safetensors']), 2, message);
  });

  it('with --json the message is a document', async () => {
    const { exitCode, stdout, stderr } = await terminal.qfx(['inspect', 'empty.safetensors', '--json']);
    const { error } = JSON.parse(stdout) as { error: string };
    expect([exitCode, stderr]).toEqual([1, `qfx: ${error}`]);
  });

  it.each([['inspect', ''], ['init', ''], ['csim', ''], exporting('--out', '')])(
    'an empty text is no path: %s %s',
    async (...args) => {
      expectRefusal(await terminal.qfx(args), 2, 'is empty');
      expect(await terminal.list()).toEqual(before);
    },
  );
});

describe('a run description is refused with file and key:', () => {
  it.each<readonly [file: string, text: string, naming: readonly (string | RegExp)[]]>([
    ['syntax.ts', 'export default {', ['syntax.ts', 'cannot be loaded']],
    ['named.ts', 'export const run = {};', ['named.ts', 'no default export']],
    ['key.ts', run('epochs: 3'), ['key.ts', 'unknown key "epochs"']],
    ['training.ts', run('training: { epochs: 0 }'), ['training.ts', 'training.epochs']],
    ['model.ts', run(''), ['run "a": model', 'must return']],
    ['import.ts', "import 'not-installed';", ['import.ts', 'not-installed']],
    [
      'empty.ts',
      `const none = { images: new Uint8Array(0), labels: new Uint8Array(0) };
       const data = () => ({ name: 'void', classes: ['a'], shape: [1, 1, 1], train: none, test: none, checksum: '' });
       export default { name: 'a', data, model: () => null };`,
      ['data set "void", train', 'is empty'],
    ],
    [
      'kernel.ts',
      `export default {
         name: 'a', data: 'mnist',
         model: ({ tf, layers }) => {
           const q = layers({ weights: { wordLength: 4 }, activations: { wordLength: 4 } });
           const image = q.input({ inputShape: [28, 28, 1], wordLength: 8, binaryPoint: 8 });
           return tf.sequential({ layers: [image, q.conv2d({ name: 'large', filters: 1, kernelSize: 29 })] });
         },
       };`,
      ['large', '29'],
    ],
    [
      'narrow.ts',
      `export default {
         name: 'a', data: 'mnist',
         model: ({ layers }) => layers({ weights: { wordLength: 0 }, activations: { wordLength: 4 } }),
       };`,
      ['wordLength', '0'],
    ],
  ])('%s', async (file, text, naming) => {
    await mkdir(terminal.place('runs'), { recursive: true });
    await terminal.write(`runs/${file}`, text);
    const ending = await terminal.qfx(['train', file], { cwd: terminal.place('runs') });
    expectRefusal(ending, 1, ...naming);
    expect(await terminal.list('runs')).toContain(file);
    expect(await terminal.list('runs')).not.toContain('out');
  });
});

describe('names that terminals would obey', () => {
  const names = ['a\u001b[31mred\r', 'b\nc\u0000', '\u202eback'] as const;

  it('are shown as escapes to people, and are exact in JSON', async () => {
    const file = await terminal.save(tinyNetwork({ names, name: 'name\u0007' }), 'names.safetensors');
    const { stdout } = await terminal.qfx(['inspect', file]);
    for (const shown of ['a\\u001b[31mred\\u000d ', 'b\\u000ac\\u0000 ', '\\u202eback', 'name\\u0007:'])
      expect(stdout).toContain(shown);
    expect(stdout).not.toMatch(/[^\n\P{Cc}]/u);
    const { layers } = (await terminal.document(['inspect', file])) as { layers: { name: string }[] };
    expect(layers.map(({ name }) => name)).toEqual(names);
    const refused = await terminal.qfx(['eval', file, '--data-set', 'mnist']);
    expectRefusal(refused, 1, 'layer "a\\u001b[31mred\\u000d"');
  });
});

it('graphs load in little memory', async () => {
  const nodeOptions = ['--max-old-space-size=48'];
  for (const file of [graph, 'digits.safetensors']) await terminal.document(['inspect', file], { nodeOptions });
  for (const file of ['cut', 'flipped']) {
    expectRefusal(await terminal.qfx(['inspect', `${file}.safetensors`], { nodeOptions }), 1, file);
  }
  const result = await terminal.document(['eval', 'digits.safetensors'], { nodeOptions });
  expect(result).toEqual({
    ...{ graph: 'digits.safetensors', dataSet: 'mnist', images: 10_000 },
    ...{ accuracy: expect.any(Number), seconds: expect.any(Number) },
  });
});
