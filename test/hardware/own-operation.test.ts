import { describe, expect, it } from 'vitest';
import { buildGraph, defaultPlan, parseBoard, registerOperation, validatePlan } from '../../src/qfx/index.js';
import type { Graph, NodeSpecification } from '../../src/qfx/index.js';
import { buildDataflow } from '../../src/qfx/hardware/dataflow.js';
import { chooseLanes } from '../../src/qfx/hardware/lanes.js';
import { runTokens } from '../../src/qfx/hardware/token-run.js';
import { operations } from '../../src/qfx/operations/index.js';

/** The identity and a sum, from outside of QFX: nobody knows in what order their C++ reads and writes. */
registerOperation({ ...operations.requantize, name: 'test/copy' });
registerOperation({ ...operations.add, name: 'test/sum' });

const type = { signed: true, wordLength: 8, binaryPoint: 4, rounding: 'AP_RND', overflow: 'AP_SAT' } as const;
const board = parseBoard(
  {
    ...{ formatVersion: 1, name: 'a board', description: '', part: 'part', clockPeriodNs: 5 },
    resources: { lut: 1, ff: 1, dsp: 1, bram18: 1, uram: 1 },
  },
  'a board',
);

const node = (name: string, operation: string, ...inputs: string[]): NodeSpecification => ({
  ...{ name, operation, inputs, outputType: type },
  attributes: operation === 'input' ? { shape: [16, 16, 4] } : {},
});
const pool: NodeSpecification = {
  ...node('pool', 'max-pooling2d', 'image'),
  attributes: { poolSize: [5, 5], strides: [1, 1], padding: [2, 2, 2, 2] },
};

/** An order of reading and writing one word after the other, n inputs at a time or one input after the other. */
const orders = {
  'word by word': (inputs: number, words: number) =>
    Array.from({ length: words }, () => [...Array(inputs).keys(), ~0]).flat(),
  'the second input first': (inputs: number, words: number) => [
    ...[...Array(inputs).keys()].reverse().flatMap((input) => Array<number>(words).fill(input)),
    ...Array<number>(words).fill(~0),
  ],
  'everything first': (inputs: number, words: number) => [
    ...[...Array(inputs).keys()].flatMap((input) => Array<number>(words).fill(input)),
    ...Array<number>(words).fill(~0),
  ],
};

function depthsOf(graph: Graph): Map<string, number> {
  const { streams } = defaultPlan(graph, board);
  return new Map(Object.entries(streams).map(([key, { depth }]) => [key, depth]));
}

describe('FIFOs around operations from outside of QFX', () => {
  const networks: Record<string, Graph> = {
    'beside a slow way': build(pool, node('copy', 'test/copy', 'image'), node('sum', 'add', 'copy', 'pool')),
    'behind a slow layer': build(pool, node('copy', 'test/copy', 'pool'), node('sum', 'add', 'copy', 'image')),
    'where ways meet': build(pool, node('sum', 'test/sum', 'pool', 'image')),
  };
  for (const [place, graph] of Object.entries(networks)) {
    it.each(Object.entries(orders))(`suffice ${place}, whatever the order: %s`, (_name, order) => {
      const lanes = chooseLanes(graph);
      const { processes, channels } = buildDataflow(graph, (name) => lanes.get(name)!);
      const own = processes.map((process) => {
        const { operation, inputs } = graph.nodes.find(({ name }) => name === process.name) ?? { operation: 'a fork' };
        return operation.startsWith('test/') ? { ...process, actions: order(inputs!.length, 256) } : process;
      });
      const depths = depthsOf(graph);
      const capacities = channels.map(({ key }) => (key === undefined ? 2 : depths.get(key)!));
      expect(runTokens({ processes: own, channels }, capacities, () => false)).toBe(true);
    });
  }

  it('stay small where no ways meet', () => {
    const sum = node('sum', 'add', 'pool', 'image');
    const graph = build(node('first', 'test/copy', 'image'), { ...pool, inputs: ['first'] }, sum);
    const behind = buildGraph({
      ...graph,
      nodes: [...graph.nodes, node('copy', 'test/copy', 'sum')],
      outputs: ['copy'],
    });
    const depths = depthsOf(behind);
    expect(depths.get('sum->copy')).toBe(2);
    expect(depths.get('image->first')).toBeGreaterThanOrEqual(256);
    expect([...depthsOf(build(node('sum', 'test/copy', 'image'))).values()]).toEqual([2]);
  });

  it('are refused where they are too small', () => {
    const plan = defaultPlan(networks['beside a slow way'], board);
    const streams = { ...plan.streams, 'copy->sum': { depth: 255 } };
    expect(() => validatePlan(networks['beside a slow way'], { ...plan, streams })).toThrow(
      /stream "copy->sum": depth 255, .* needed: at least 256/,
    );
  });
});

function build(...nodes: NodeSpecification[]): Graph {
  return buildGraph({ name: 'own', nodes: [node('image', 'input'), ...nodes], outputs: ['sum'] });
}
