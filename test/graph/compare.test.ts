import { describe, expect, it } from 'vitest';
import { buildGraph, compareGraphs } from 'qfx';
import { pruneChannels } from '../../src/qfx/graph/prune-channels.js';
import type { FixedPointType, Graph, JsonObject, TensorFormat } from 'qfx';

const rounded = { rounding: 'AP_RND', overflow: 'AP_SAT' } as const;

interface Choice {
  readonly output?: FixedPointType;
  readonly format?: TensorFormat;
  readonly raw?: readonly number[];
  readonly maximum?: boolean;
  readonly provenance?: JsonObject;
}

/** Two inputs, two outputs, and a ReLU behind, or none. */
function network({ output, format, raw = [1, -2, 3, 4], maximum = false, provenance = {} }: Choice = {}): Graph {
  const outputType = output ?? { signed: true, wordLength: 8, binaryPoint: 2, ...rounded };
  return buildGraph({
    name: 'network',
    nodes: [
      {
        ...{ name: 'x', operation: 'input', inputs: [], attributes: { shape: [2] } },
        outputType: { signed: true, wordLength: 4, binaryPoint: 2, ...rounded },
      },
      { name: 'y', operation: 'dense', inputs: ['x'], constants: { weights: 'w' }, outputType },
      ...(maximum ? [{ name: 'z', operation: 'relu', inputs: ['y'], outputType: 'exact' } as const] : []),
    ],
    outputs: [maximum ? 'z' : 'y'],
    tensors: {
      w: {
        shape: [2, 2],
        format: format ?? { signed: true, wordLength: 4, binaryPoint: 1 },
        raw: Float64Array.from(raw),
      },
    },
    provenance,
  });
}

describe('compareGraphs', () => {
  it('finds nothing between a graph and itself', () => {
    const { same, nodes, ...rest } = compareGraphs(network(), network());
    expect([same, rest]).toEqual([true, { onlyInA: [], onlyInB: [], provenance: [] }]);
    expect(nodes.flatMap(({ differences }) => differences)).toEqual([]);
    expect(nodes[1].constants[0].values).toEqual({
      ...{ elements: 4, differingRaw: 0, differingValues: 0, largestInLastBits: 0, largest: 0 },
    });
  });

  it('counts raw integers and values that differ', () => {
    // Halves: 1 becomes 3 (1 apart), -2 becomes -7 (2.5 apart); the other two stay.
    const { same, nodes } = compareGraphs(network(), network({ raw: [3, -7, 3, 4] }));
    expect(same).toBe(false);
    expect(nodes[1].constants).toMatchObject([
      { role: 'weights', differences: [], values: { differingRaw: 2, differingValues: 2, largestInLastBits: 5 } },
    ]);
    expect(nodes[1].constants[0].values?.largest).toBe(2.5);
  });

  it('sees equal values behind other raw integers, after aligning binary points', () => {
    const finer = { signed: true, wordLength: 6, binaryPoint: 3 };
    const exact = network({ format: finer, raw: [4, -8, 12, 16] });
    const { nodes } = compareGraphs(network(), exact);
    expect(nodes[1].constants).toEqual([
      {
        role: 'weights',
        differences: [{ what: 'format', a: network().tensors.w.format, b: finer }],
        values: { elements: 4, differingRaw: 4, differingValues: 0, largestInLastBits: 0, largest: 0 },
      },
    ]);
    // One last bit of the finer of the two.
    const almost = compareGraphs(network(), network({ format: finer, raw: [4, -8, 12, 17] }));
    expect(almost.nodes[1].constants[0].values).toMatchObject({
      ...{ differingValues: 1, largestInLastBits: 1, largest: 1 / 8 },
    });
  });

  it('calls graphs the same whose weights have other raw integers of the same values', () => {
    const perChannel = { signed: true, wordLength: 4, binaryPoint: { axis: 1, values: [1, 1] } };
    const { same, nodes } = compareGraphs(network(), network({ format: perChannel }));
    expect([same, nodes[1].constants[0].differences.length]).toEqual([true, 1]);
  });

  it('names types, attributes, outputs, provenance, and nodes that one lacks', () => {
    const wider = { signed: true, wordLength: 9, binaryPoint: 3, ...rounded } as const;
    const a = network({ provenance: { seed: 1, training: { epochs: 2, rate: 0.1 } } });
    const b = network({ output: wider, maximum: true, provenance: { training: { rate: 0.1, epochs: 3 } } });
    const comparison = compareGraphs(a, b);
    expect(comparison).toMatchObject({ same: false, onlyInA: [], onlyInB: ['z'] });
    expect(comparison.outputs).toEqual({ what: 'outputs', a: ['y'], b: ['z'] });
    expect(comparison.nodes[1].differences).toEqual([
      { what: 'outputType', a: a.nodes[1].outputType, b: b.nodes[1].outputType },
    ]);
    expect(comparison.provenance).toEqual([
      { what: 'seed', a: 1, b: null },
      { what: 'training.epochs', a: 2, b: 3 },
    ]);
    expect(compareGraphs(b, a).onlyInA).toEqual(['z']);
  });

  it('compares no values of other shapes', () => {
    const other = buildGraph({
      name: 'other',
      nodes: [
        {
          ...{ name: 'x', operation: 'input', inputs: [], attributes: { shape: [2] } },
          outputType: { signed: true, wordLength: 4, binaryPoint: 2, ...rounded },
        },
        { name: 'y', operation: 'dense', inputs: ['x'], constants: { weights: 'w' }, outputType: 'exact' },
      ],
      outputs: ['y'],
      tensors: {
        w: {
          ...{ shape: [2, 3], format: { signed: true, wordLength: 4, binaryPoint: 1 } },
          raw: new Float64Array(6).fill(1),
        },
      },
    });
    const [, y] = compareGraphs(network(), other).nodes;
    expect(y.same).toBe(false);
    expect(y.differences.map(({ what }) => what)).toEqual(['shape', 'exactType', 'outputType']);
    expect(y.constants).toEqual([{ role: 'weights', differences: [{ what: 'shape', a: [2, 2], b: [2, 3] }] }]);
  });
});

describe('of graphs that pruning made smaller, compareGraphs', () => {
  const type = { signed: true, wordLength: 8, binaryPoint: 2, ...rounded } as const;
  const perChannel = { signed: true, wordLength: 4, binaryPoint: { axis: 1, values: [1, 2, 3, 4] } };
  interface Rows {
    readonly first?: readonly number[];
    readonly last?: readonly (readonly number[])[];
    readonly input?: FixedPointType;
  }
  const rows = [
    [1, 2],
    [3, 4],
    [5, 6],
    [7, -8],
  ];
  /** The same without weights for one channel. */
  const rowsWithout = (channel: number) => rows.map((row, index) => (index === channel ? [0, 0] : row));

  /** Two values to four, a ReLU, and two values out. */
  function hidden({ first = [1, 2, 3, 4, 5, 6, 7, -8], last = rows, input = type }: Rows = {}): Graph {
    return buildGraph({
      name: 'hidden',
      nodes: [
        { name: 'x', operation: 'input', inputs: [], attributes: { shape: [2] }, outputType: input },
        { name: 'first', operation: 'dense', inputs: ['x'], constants: { weights: 'first' }, outputType: type },
        { name: 'relu', operation: 'relu', inputs: ['first'], outputType: type },
        { name: 'last', operation: 'dense', inputs: ['relu'], constants: { weights: 'last' }, outputType: type },
      ],
      outputs: ['last'],
      tensors: {
        first: { shape: [2, first.length / 2], format: perChannel, raw: Float64Array.from(first) },
        last: {
          ...{ shape: [last.length, 2], format: { signed: true, wordLength: 4, binaryPoint: 1 } },
          raw: Float64Array.from(last.flat()),
        },
      },
    });
  }
  const withoutSecond = pruneChannels(hidden({ last: rowsWithout(1) })).graph;
  const withoutThird = pruneChannels(hidden({ last: rowsWithout(2) })).graph;
  const values = { differingRaw: 0, differingValues: 0, largestInLastBits: 0, largest: 0 };

  it('say which channels left, and compare those that remain', () => {
    const { same, nodes } = compareGraphs(hidden(), withoutSecond);
    expect(same).toBe(false);
    const [, first, relu, last] = nodes;
    expect(first).toMatchObject({
      differences: [
        { what: 'shape', a: [4], b: [3] },
        { what: 'prunedChannels', a: [], b: [1] },
      ],
      constants: [{ differences: [{ what: 'shape', a: [2, 4], b: [2, 3] }], values: { elements: 6, ...values } }],
      same: false,
    });
    expect(first.constants[0].differences).toHaveLength(1);
    expect(relu.differences).toContainEqual({ what: 'prunedChannels', a: [], b: [1] });
    expect(last).toMatchObject({ constants: [{ values: { elements: 6, ...values } }], same: false });
    expect(last.differences.map(({ what }) => what)).not.toContain('prunedChannels');
  });

  it('counts what differs in them, from either side', () => {
    // Of channels 0 and 3, whose last bits are halves and sixteenths.
    const changed = hidden({ first: [2, -1, 3, 4, 5, -1, 7, -5], last: [rows[0], [0, 1], rows[2], [7, -6]] });
    for (const { nodes } of [compareGraphs(changed, withoutSecond), compareGraphs(withoutSecond, changed)]) {
      const [, first, , last] = nodes;
      expect(first.constants[0].values).toEqual({
        ...{ elements: 6, differingRaw: 2, differingValues: 2, largestInLastBits: 3, largest: 0.5 },
      });
      expect(last.constants[0].values).toMatchObject({ elements: 6, differingValues: 1, largest: 1 });
    }
    expect(compareGraphs(withoutSecond, changed).nodes[1].differences).toContainEqual({
      ...{ what: 'prunedChannels', a: [1], b: [] },
    });
  });

  it('matches the channels of two that lost different ones', () => {
    const [, first, , last] = compareGraphs(withoutSecond, withoutThird).nodes;
    expect(first).toMatchObject({
      differences: [{ what: 'prunedChannels', a: [1], b: [2] }],
      constants: [{ differences: [], values: { elements: 4, ...values } }],
      same: false,
    });
    expect(last).toMatchObject({ constants: [{ differences: [], values: { elements: 4, ...values } }], same: false });
    expect(compareGraphs(withoutSecond, withoutSecond).same).toBe(true);
  });

  it('matches nothing where the two have no channel in common', () => {
    const [one, other] = [0, 1].map((kept) =>
      pruneChannels(hidden({ last: rows.map((row, index) => (index === kept ? row : [0, 0])) })),
    );
    const [, first] = compareGraphs(one.graph, other.graph).nodes;
    expect(first.differences).toContainEqual({ what: 'prunedChannels', a: [1, 2, 3], b: [0, 2, 3] });
    expect(first.constants[0].values).toEqual({ elements: 0, ...values });
  });

  it('compares whole nodes that channels have no way through', () => {
    const [x] = compareGraphs(hidden({ input: { ...type, wordLength: 9 } }), withoutSecond).nodes;
    expect(x.differences.map(({ what }) => what)).toEqual(['exactType', 'outputType']);
  });

  it('are the same where only the provenance says something else', () => {
    const { nodes, tensors, outputs } = withoutSecond;
    const provenance = { pruned: { first: [2], relu: [2] } };
    const { same, nodes: compared } = compareGraphs(
      withoutSecond,
      buildGraph({ name: 'other', nodes, outputs, tensors, provenance }),
    );
    expect([same, compared.flatMap(({ differences }) => differences)]).toEqual([true, []]);
  });

  it.each([
    ['no list', { first: 1 }],
    ['an index twice', { first: [1, 1], relu: [1] }],
    ['an index beyond', { first: [4], relu: [1] }],
    ['an index below', { first: [-1], relu: [1] }],
    ['too many', { first: [1, 2], relu: [1, 2] }],
  ])('compares shapes where the provenance cannot be right: %s', (_, left) => {
    const { nodes, tensors, outputs } = withoutSecond;
    const broken = buildGraph({ name: 'broken', nodes, outputs, tensors, provenance: { pruned: left } });
    const [, first] = compareGraphs(hidden(), broken).nodes;
    expect(first.differences.map(({ what }) => what)).toContain('shape');
    expect(first.constants).toMatchObject([{ differences: [{ what: 'shape' }, { what: 'format' }] }]);
    expect(first.constants[0].values).toBeUndefined();
  });
});
