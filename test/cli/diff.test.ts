import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildGraph } from 'qfx';
import type { Graph } from 'qfx';
import { tinyNetwork } from './networks.js';
import { expectRefusal, Terminal } from './support.js';

const mnist = { shape: [28, 28, 1], classes: 10 };

/** The same network with one weight changed by two last bits. */
function changed({ nodes, outputs, tensors }: Graph): Graph {
  const raw = tensors.weights.raw.slice() as Float64Array;
  raw[0] += 2;
  return buildGraph({ name: 'changed', nodes, outputs, tensors: { weights: { ...tensors.weights, raw } } });
}

let terminal: Terminal;
beforeAll(async () => {
  terminal = await Terminal.open();
  await terminal.save(tinyNetwork(mnist), 'a.safetensors');
  await terminal.save(changed(tinyNetwork(mnist)), 'b.safetensors');
});
afterAll(() => terminal.close());

it('shows what differs, and ends with status 0', async () => {
  const { exitCode, stdout, stderr } = await terminal.qfx(['diff', 'a.safetensors', 'b.safetensors']);
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^the two compute different layers$/m);
  expect(stdout).toMatch(/^ *scores +weights values +1 of 7,840 +<= 2 LSB, 0\.250 *$/m);
  for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(await terminal.document(['diff', 'a.safetensors', 'b.safetensors'])).toMatchObject({
    same: false,
    onlyInA: [],
  });
});

it('says that nothing differs', async () => {
  const { exitCode, stdout } = await terminal.qfx(['diff', 'a.safetensors', 'a.safetensors']);
  expect([exitCode, stdout]).toEqual([0, 'both compute the same layers; nothing differs']);
});

it('measures the accuracy of both on all test images', async () => {
  const document = await terminal.document(['diff', 'a.safetensors', 'b.safetensors', '--data-set', 'mnist']);
  const [a, b] = await Promise.all(
    ['a', 'b'].map((name) => terminal.document(['eval', `${name}.safetensors`, '--data-set', 'mnist'])),
  );
  expect(document.accuracy).toMatchObject({ dataSet: 'mnist', images: 10_000, a: a.accuracy, b: b.accuracy });
  const same = await terminal.document(['diff', 'a.safetensors', 'a.safetensors', '--data-set', 'mnist']);
  expect(same.accuracy).toMatchObject({ a: a.accuracy, b: a.accuracy, classifiedDifferently: 0 });
});

it('refuses a file that is not there, and data that nobody names', async () => {
  expectRefusal(await terminal.qfx(['diff', 'a.safetensors', 'none.safetensors']), 1, /none\.safetensors/);
  expectRefusal(await terminal.qfx(['diff', 'a.safetensors', 'b.safetensors', '--data', '.']), 2, /--data-set/);
});
