import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildGraph, Network } from 'qfx';
import type { FixedPointType, Graph } from 'qfx';
import { pruneChannels } from '../../src/qfx/graph/prune-channels.js';
import { loadTestData } from '../../src/data/index.js';
import { tinyNetwork } from './networks.js';
import { expectRefusal, Terminal } from './support.js';

const mnist = { shape: [28, 28, 1], classes: 10 };

/** The same network with other weights. */
function changed({ nodes, outputs, tensors }: Graph, change: (raw: Float64Array) => void): Graph {
  const raw = tensors.weights.raw.slice() as Float64Array;
  change(raw);
  return buildGraph({ name: 'changed', nodes, outputs, tensors: { weights: { ...tensors.weights, raw } } });
}

const twoMore = (raw: Float64Array) => void (raw[0] += 2);
const reverse = (raw: Float64Array) => void raw.reverse();

let terminal: Terminal;
beforeAll(async () => {
  terminal = await Terminal.open();
  await terminal.save(tinyNetwork(mnist), 'a.safetensors');
  await terminal.save(changed(tinyNetwork(mnist), twoMore), 'b.safetensors');
  await terminal.save(changed(tinyNetwork(mnist), reverse), 'c.safetensors');
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

it('says which channels pruning left out, and what became of the others', async () => {
  const type: FixedPointType = {
    ...{ signed: true, wordLength: 8, binaryPoint: 4 },
    ...{ rounding: 'AP_RND', overflow: 'AP_SAT' },
  };
  const dense = (name: string, input: string) =>
    ({ name, operation: 'dense', inputs: [input], constants: { weights: name }, outputType: type }) as const;
  const weights = (raw: readonly number[]) => ({
    ...{ shape: [2, 2], format: { signed: true, wordLength: 4, binaryPoint: 2 } },
    raw: Float64Array.from(raw),
  });
  const network = (last: readonly number[]) =>
    buildGraph({
      name: 'network',
      nodes: [
        { name: 'x', operation: 'input', inputs: [], attributes: { shape: [2] }, outputType: type },
        dense('first', 'x'),
        dense('last', 'first'),
      ],
      outputs: ['last'],
      tensors: { first: weights([1, 2, 3, 4]), last: weights(last) },
    });
  await terminal.save(network([5, 4, 1, 2]), 'whole.safetensors');
  await terminal.save(pruneChannels(network([5, 6, 0, 0])).graph, 'pruned.safetensors');
  const { stdout } = await terminal.qfx(['diff', 'whole.safetensors', 'pruned.safetensors']);
  expect(stdout).toMatch(/^ *first +prunedChannels +\[\] +\[1\] *$/m);
  expect(stdout).toMatch(/^ *first +weights values +0 of 2 +<= 0 LSB, 0\.00 *$/m);
  expect(stdout).toMatch(/^ *last +weights shape +\[2,2\] +\[1,2\] *$/m);
  expect(stdout).toMatch(/^ *last +weights values +1 of 2 +<= 2 LSB, 0\.500 *$/m);
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

it('counts the images to which the two give different classes', async () => {
  const { test } = await loadTestData('mnist');
  const graphs = [tinyNetwork(mnist), changed(tinyNetwork(mnist), reverse)];
  const [classesA, classesC] = graphs.map((graph) => {
    const { raw } = new Network(graph).runBatch(test.images, { layers: false }).outputs.scores;
    return Array.from(test.labels, (_, image) => {
      const scores = [...(raw as Float64Array).subarray(10 * image, 10 * (image + 1))];
      return scores.indexOf(Math.max(...scores));
    });
  });
  const differently = classesA.filter((predicted, image) => predicted !== classesC[image]).length;
  expect(differently).toBeGreaterThan(1_000);
  const { accuracy } = await terminal.document(['diff', 'a.safetensors', 'c.safetensors', '--data-set', 'mnist']);
  expect(accuracy).toMatchObject({ classifiedDifferently: differently });
});

it('refuses a file that is not there, and data that nobody names', async () => {
  expectRefusal(await terminal.qfx(['diff', 'a.safetensors', 'none.safetensors']), 1, /none\.safetensors/);
  expectRefusal(await terminal.qfx(['diff', 'a.safetensors', 'b.safetensors', '--data', '.']), 2, /--data-set/);
});
