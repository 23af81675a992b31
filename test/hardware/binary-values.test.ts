import { expect, it } from 'vitest';
import { designLayers } from '../../src/hls-codegen/design.js';
import { buildGraph, defaultPlan, parseBoard } from '../../src/qfx/index.js';
import type { NodeSpecification, TensorType } from '../../src/qfx/index.js';
import { binaryNodes } from '../../src/qfx/hardware/binary-values.js';

const type = (signed: boolean, wordLength: number, binaryPoint: number): TensorType => ({
  signed,
  wordLength,
  binaryPoint,
  rounding: 'AP_RND',
  overflow: 'AP_SAT',
});
const padding = [0, 0, 0, 0];
const convolution = { strides: [1, 1], dilations: [1, 1], padding, groups: 1 };
const plus = (raw: number[], shape: number[]) => ({
  shape,
  format: { signed: true, wordLength: 2, binaryPoint: 1 },
  raw: Float64Array.from(raw),
});

/** A node that reads the one before it, or others. */
const node = (name: string, operation: string, inputs: string[], rest: Partial<NodeSpecification> = {}) => ({
  name,
  operation,
  inputs,
  outputType: 'exact' as const,
  ...rest,
});

const graph = buildGraph({
  name: 'binary',
  nodes: [
    node('x', 'input', [], { attributes: { shape: [2, 2, 2] }, outputType: type(true, 4, 2) }),
    node('signs', 'sign', ['x']),
    node('wide', 'sign', ['x'], { outputType: type(true, 8, 0) }),
    node('halves', 'sign', ['x'], { outputType: type(true, 8, 1) }),
    // Half a unit becomes a whole one: 2 and -2.
    node('doubled', 'sign', ['x'], { outputType: { ...type(true, 8, -1), rounding: 'AP_RND_INF' } }),
    node('clipped', 'sign', ['x'], { outputType: type(false, 2, 0) }),
    node('most', 'max-pooling2d', ['signs'], { attributes: { poolSize: [2, 2], strides: [1, 1], padding } }),
    node('joined', 'concatenate', ['signs', 'wide'], { attributes: { axis: 2 } }),
    node('mixed', 'concatenate', ['signs', 'x'], { attributes: { axis: 2 } }),
    node('sum', 'add', ['signs', 'wide']),
    node('flat', 'flatten', ['joined']),
    node('conv', 'conv2d', ['signs'], { attributes: convolution, constants: { weights: 'signs 2' } }),
    node('conv of zeros', 'conv2d', ['signs'], { attributes: convolution, constants: { weights: 'ternary' } }),
    node('conv of sums', 'conv2d', ['sum'], { attributes: convolution, constants: { weights: 'signs 2' } }),
    node('conv of groups', 'conv2d', ['signs'], {
      attributes: { ...convolution, groups: 2 },
      constants: { weights: 'signs of groups' },
    }),
    node('dense', 'dense', ['flat'], { constants: { weights: 'signs 16' } }),
  ],
  outputs: [
    'halves',
    'doubled',
    'clipped',
    'most',
    'mixed',
    'conv',
    'conv of zeros',
    'conv of sums',
    'conv of groups',
    'dense',
  ],
  tensors: {
    'signs 2': plus([1, -1], [1, 1, 2, 1]),
    ternary: plus([1, 0], [1, 1, 2, 1]),
    'signs of groups': plus([1, -1], [1, 1, 1, 2]),
    'signs 16': plus(
      Array.from({ length: 16 }, (_, index) => (index % 3 === 0 ? 1 : -1)),
      [16, 1],
    ),
  },
});

it('finds the nodes whose values are all 1 or -1', () => {
  expect([...binaryNodes(graph)]).toEqual(['signs', 'wide', 'most', 'joined', 'flat']);
});

it('makes sums of bits where values and weights are binary, and only there', () => {
  const board = parseBoard(
    {
      formatVersion: 1,
      name: 'any',
      description: 'any',
      part: 'xc7z020clg400-1',
      clockPeriodNs: 10,
      resources: { lut: 1, ff: 1, dsp: 1, bram18: 1, uram: 0 },
    },
    'board',
  );
  const layers = designLayers(graph, defaultPlan(graph, board));
  const isBinary = ({ emission }: (typeof layers)[number]) => emission?.function === 'qfx::binary_conv2d';
  expect(layers.filter(isBinary).map(({ node: { name } }) => name)).toEqual(['conv', 'dense']);
});
