import { describe, expect, it } from 'vitest';
import { buildGraph, compareGraphs } from 'qfx';
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
