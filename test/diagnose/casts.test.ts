import { describe, expect, it } from 'vitest';
import {
  buildGraph,
  CastStatistics,
  castTensor,
  exposeExactValues,
  findNode,
  formatAt,
  isInRange,
  Network,
  QfxError,
  rawRange,
  reportConstant,
  withoutCast,
} from 'qfx';
import type { CastReport, FixedPointType, Graph, GraphNode, Overflow, RawArray, Rounding, TensorType } from 'qfx';
import { everyOperation, everyOperationInputs } from '../graph/every-operation.js';
import { randomGraph, seededDraw } from '../hls-codegen/support/random-graph.js';
import { makeInputs } from '../../src/hls-codegen/simulate/inputs.js';

type Modes = readonly [rounding?: Rounding, overflow?: Overflow];

function type(signed: boolean, wordLength: number, binaryPoint: number, ...modes: Modes): FixedPointType {
  const [rounding = 'AP_RND', overflow = 'AP_SAT'] = modes;
  return { signed, wordLength, binaryPoint, rounding, overflow };
}

/** An input and the cast of it. */
function oneCast(input: FixedPointType, outputType: TensorType, shape: readonly number[] = [1]): Graph {
  return buildGraph({
    name: 'one cast',
    nodes: [
      { name: 'x', operation: 'input', inputs: [], attributes: { shape: [...shape] }, outputType: input },
      { name: 'y', operation: 'requantize', inputs: ['x'], outputType },
    ],
    outputs: ['y'],
  });
}

/** What the cast of the node does to these images. */
function watch(graph: Graph, values: Parameters<Network['runBatch']>[0], name = 'y'): CastReport {
  const { graph: exposed, exactNames } = exposeExactValues(graph);
  const { layers } = new Network(exposed).runBatch(values);
  const statistics = new CastStatistics(findNode(graph, name));
  statistics.add(layers[exactNames.get(name) ?? name].raw, layers[name].raw);
  return statistics.report();
}

const sequence = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('a cast', () => {
  it('to a type that is one bit too narrow saturates what is counted by hand', () => {
    const report = watch(oneCast(type(true, 5, 0), type(true, 4, 0)), sequence(-16, 15));
    // 8 to 15 are above 7, -16 to -9 below -8; each side is wrong by 1 to 8, whose squares make 204.
    expect(report).toEqual({
      ...{ values: 32, below: 8, above: 8, underflows: 0 },
      signalToNoise: 10 * Math.log10((1496 + 1240) / 408),
      ...{ unusedBits: 0, neverNegative: false, channels: 1, deadChannels: [] },
    });
  });

  it('counts what is out of range once it is rounded', () => {
    // In quarters; 7.25 rounds to 7, 7.5 to 8, which is out of range, -8.5 to -8, which is not.
    const report = watch(oneCast(type(true, 7, 2), type(true, 4, 0)), [29, 30, 31, -34, -35, -36]);
    expect(report).toMatchObject({ above: 2, below: 2 });
  });

  it.each(['AP_WRAP', 'AP_SAT', 'AP_SAT_ZERO'] as const)('counts the same with %s', (overflow) => {
    const report = watch(oneCast(type(true, 5, 0), type(true, 4, 0, 'AP_RND', overflow)), sequence(-16, 15));
    expect(report).toMatchObject({ below: 8, above: 8, underflows: 0 });
  });

  it('counts the end that AP_SAT_SYM leaves out', () => {
    const report = watch(oneCast(type(true, 5, 0), type(true, 4, 0, 'AP_RND', 'AP_SAT_SYM')), sequence(-16, 15));
    expect(report).toMatchObject({ below: 9, above: 8 });
  });

  it('counts values other than 0 that become 0, not those below an unsigned range', () => {
    // In quarters; -0.5, -0.25 and 0.25 round to 0, 0.5 to 1.
    expect(watch(oneCast(type(true, 5, 2), type(true, 5, 0)), [-3, -2, -1, 0, 1, 2])).toMatchObject({ underflows: 3 });
    expect(watch(oneCast(type(true, 5, 0), type(false, 4, 0)), [-3, -2, -1, 0, 1, 2])).toMatchObject({
      ...{ underflows: 0, below: 3 },
    });
  });

  it('says which bits and signs nobody used', () => {
    const wide = oneCast(type(true, 5, 0), type(true, 8, 0));
    expect(watch(wide, [-4, 3])).toMatchObject({ unusedBits: 5, neverNegative: false, signalToNoise: null });
    expect(watch(wide, [-5, 3])).toMatchObject({ unusedBits: 4 });
    expect(watch(wide, [0, 3])).toMatchObject({ unusedBits: 5, neverNegative: true });
    expect(watch(oneCast(type(false, 5, 0), type(false, 5, 1)), [0, 3])).toMatchObject({
      ...{ unusedBits: 2, neverNegative: false },
    });
  });

  it('names channels that are always 0, with types of their own', () => {
    const types = { ...type(true, 4, 0), wordLength: { axis: 1, values: [4, 0, 6] } };
    // Two pixels of three channels, two images.
    const report = watch(oneCast(type(true, 5, 0), types, [2, 3]), [0, 9, 1, 0, 0, 0, 0, 0, 0, 0, -1, 15]);
    expect(report).toMatchObject({ deadChannels: [0, 1], channels: 3, values: 12, above: 1, below: 1, unusedBits: 1 });
    expect(watch(oneCast(type(true, 5, 0), type(true, 4, 0)), [-3, 0])).toMatchObject({ deadChannels: [] });
  });
});

/** The same counts, value by value, by the definition of a cast. */
function countByDefinition({ shape, exactType, outputType }: GraphNode, exact: RawArray, cast: RawArray) {
  const counts = { below: 0, above: 0, underflows: 0 };
  for (let index = 0; index < cast.length; index++) {
    const { rounding, overflow } = outputType;
    const to = { ...formatAt(outputType, shape, index % shape.reduce((a, b) => a * b)), rounding, overflow };
    const raw = BigInt(exact[index]);
    if (!isInRange(raw, exactType.binaryPoint, to)) counts[raw > 0n ? 'above' : 'below']++;
    else if (raw !== 0n && BigInt(cast[index]) === 0n) counts.underflows++;
  }
  return counts;
}

function expectToExpose(graph: Graph, inputs: Parameters<Network['run']>[0]): number {
  const { graph: exposed, exactNames } = exposeExactValues(graph);
  const [own, seen] = [new Network(graph).run(inputs), new Network(exposed).run(inputs)];
  expect(Object.keys(seen.outputs)).toEqual(graph.outputs);
  for (const node of graph.nodes) {
    const { name, exactType, outputType, shape } = node;
    expect(seen.layers[name]).toEqual(own.layers[name]);
    const exact = seen.layers[exactNames.get(name) ?? name];
    if (!exactNames.has(name)) continue;
    expect(exact.format).toMatchObject(exactType);
    expect(castTensor(exact.raw, exactType, outputType, shape)).toEqual(own.layers[name].raw);
    const statistics = new CastStatistics(node);
    statistics.add(exact.raw, own.layers[name].raw);
    expect(statistics.report()).toMatchObject(countByDefinition(node, exact.raw, own.layers[name].raw));
  }
  return exactNames.size;
}

describe('exposeExactValues', () => {
  it('changes no value of any operation, and shows what each cast gets', () => {
    expect(expectToExpose(everyOperation(), everyOperationInputs())).toBe(8);
  });

  it('holds for random networks', () => {
    for (let seed = 0; seed < 25; seed++) {
      const graph = randomGraph(seededDraw(seed));
      const [input] = graph.nodes;
      const { minimum, maximum } = rawRange(input.outputType as FixedPointType);
      const source = makeInputs(input.outputType as FixedPointType, input.shape, 4, seed);
      expect(maximum > minimum).toBe(true);
      for (let image = 0; image < source.count; image++) expectToExpose(graph, source.image(image) as Float64Array);
    }
  });

  it('finds names of its own', () => {
    const { nodes, outputs } = oneCast(type(true, 5, 0), type(true, 4, 0));
    const renamed = nodes.map((node) =>
      node.name === 'x' ? { ...node, name: 'exact 1' } : { ...node, inputs: ['exact 1'] },
    );
    const { exactNames } = exposeExactValues(buildGraph({ name: 'names', nodes: renamed, outputs }));
    expect([...exactNames]).toEqual([['y', "exact 1'"]]);
  });
});

describe('withoutCast', () => {
  it('gives exact values on', () => {
    const graph = oneCast(type(true, 5, 0), type(true, 4, 0));
    expect([...new Network(withoutCast(graph, 'y')).run([15]).outputs.y.raw]).toEqual([15]);
    expect([...new Network(graph).run([15]).outputs.y.raw]).toEqual([7]);
  });

  it('refuses what would be wider than 64 bits', () => {
    const wide = type(true, 40, 0);
    const graph = buildGraph({
      name: 'wide',
      nodes: [
        { name: 'x', operation: 'input', inputs: [], attributes: { shape: [1] }, outputType: wide },
        { name: 'y', operation: 'dense', inputs: ['x'], constants: { weights: 'w' }, outputType: type(true, 8, 0) },
        { name: 'z', operation: 'dense', inputs: ['y'], constants: { weights: 'w' }, outputType: 'exact' },
      ],
      outputs: ['z'],
      tensors: { w: { shape: [1, 1], format: type(true, 20, 0), raw: Float64Array.of(2 ** 18) } },
    });
    expect(() => withoutCast(graph, 'y')).toThrow(QfxError);
    expect(() => withoutCast(graph, 'y')).toThrow(/layer "z"/);
  });
});

describe('reportConstant', () => {
  it('counts zeros and numbers at the ends', () => {
    const format = { signed: true, wordLength: { axis: 0, values: [4, 5] }, binaryPoint: 0 };
    const raw = Float64Array.of(-8, 7, 0, -8, 7, 15);
    expect(reportConstant({ shape: [2, 3], format, raw })).toEqual({ elements: 6, zeros: 1, atEnds: 3 });
  });

  it('counts the powers of two of K-hot numbers', () => {
    const format = { signed: true, wordLength: 5, binaryPoint: 0, kHot: { terms: 2, digits: 'plain' } } as const;
    // The largest sum of two powers of two below 16 is 12.
    const raw = Float64Array.of(0, 1, -8, 3, -12, 12);
    expect(reportConstant({ shape: [6], format, raw })).toEqual({ elements: 6, zeros: 1, atEnds: 2, terms: [1, 2, 3] });
  });
});
