import { describe, expect, it } from 'vitest';
import { pruneChannels } from '../../src/qfx/graph/prune-channels.js';
import type { PrunedGraph } from '../../src/qfx/graph/prune-channels.js';
import { buildGraph, loadGraph, operations, registerOperation, saveGraph } from '../../src/qfx/index.js';
import type {
  IntegerTensor,
  JsonObject,
  NodeSpecification,
  Operation,
  TensorFormat,
  TensorType,
} from '../../src/qfx/index.js';
import { expectSameIntegers } from './pruned.js';

const type = (wordLength: number, binaryPoint: number, signed = true): TensorType => ({
  ...{ signed, wordLength, binaryPoint },
  ...{ rounding: 'AP_RND', overflow: 'AP_SAT' },
});
const format: TensorFormat = { signed: true, wordLength: 6, binaryPoint: 3 };

/** Raw integers of a shape; nested lists or one list, row-major. */
function tensor(shape: readonly number[], values: readonly (number | readonly number[])[], own = format) {
  return { shape, format: own, raw: Float64Array.from(values.flat()) };
}

type Constants = Record<string, IntegerTensor>;
type Layer = [name: string, operation: string, rest?: Partial<NodeSpecification> & { tensors?: Constants }];

/**
 * Builds an input `x` and layers, each behind the one before unless it names its inputs, prunes them, and checks that all integers
 * stay. Outputs are those that nothing reads.
 */
function prune(shape: readonly number[], layers: readonly Layer[], outputs?: readonly string[]): PrunedGraph {
  const tensors: Constants = {};
  const nodes: NodeSpecification[] = [
    { name: 'x', operation: 'input', inputs: [], attributes: { shape }, outputType: type(6, 3) },
  ];
  for (const [name, operation, { tensors: own = {}, ...rest } = {}] of layers) {
    const constants = Object.fromEntries(Object.keys(own).map((role) => [role, `${name}/${role}`]));
    for (const role of Object.keys(own)) tensors[constants[role]] = own[role];
    nodes.push({ name, operation, inputs: [nodes[nodes.length - 1].name], constants, outputType: type(8, 4), ...rest });
  }
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const last = nodes.map(({ name }) => name).filter((name) => !read.has(name));
  const before = buildGraph({ name: 'net', nodes, outputs: outputs ?? last, tensors, provenance: { seed: 3 } });
  const result = pruneChannels(before);
  expectSameIntegers(before, result, 5);
  return result;
}

const keptOf = ({ kept }: PrunedGraph) => Object.fromEntries(kept);
const raw = ({ graph }: PrunedGraph, name: string) => Array.from(graph.tensors[name].raw, Number);
const dense = (name: string, rows: readonly (readonly number[])[], bias?: readonly number[]): Layer => [
  name,
  'dense',
  {
    tensors: {
      weights: tensor([rows.length, rows[0].length], rows),
      ...(bias && { bias: tensor([bias.length], bias) }),
    },
  },
];
/** Kernel 1x1 without padding, or 3x3 with zeros around the image, of which only the middle has weights. */
const conv = (name: string, rows: readonly (readonly number[])[], bias?: readonly number[], padded = false): Layer => {
  const [inputs, outputs] = [rows.length, rows[0].length];
  const each = padded ? Array.from({ length: 9 }, () => rows.flat()) : [rows.flat()];
  const weights = tensor([padded ? 3 : 1, padded ? 3 : 1, inputs, outputs], each);
  const padding = padded ? [1, 1, 1, 1] : [0, 0, 0, 0];
  const attributes: JsonObject = { strides: [1, 1], dilations: [1, 1], padding, groups: 1 };
  return [name, 'conv2d', { attributes, tensors: { weights, ...(bias && { bias: tensor([outputs], bias) }) } }];
};
describe('channels that nobody reads with a weight other than 0', () => {
  it('go, with the weights of both layers and their types', () => {
    const perChannel = { signed: true, wordLength: 6, binaryPoint: { axis: 1, values: [3, 9, 5] } };
    const perElement = { ...format, wordLength: { elements: [6, 6, 0, 0, 5, 4] } };
    const pruned = prune(
      [2],
      [
        ['first', 'dense', { tensors: { weights: tensor([2, 3], [7, 1, 2, -3, 4, 5], perChannel) } }],
        ['last', 'dense', { tensors: { weights: tensor([3, 2], [1, -2, 0, 0, 3, 4], perElement) } }],
      ],
    );
    expect(keptOf(pruned)).toEqual({ first: [0, 2] });
    expect(pruned.graph.tensors['first/weights']).toEqual({
      ...tensor([2, 2], [7, 2, -3, 5]),
      format: { signed: true, wordLength: 6, binaryPoint: { axis: 1, values: [3, 5] } },
    });
    expect(pruned.graph.tensors['last/weights']).toEqual({
      ...tensor([2, 2], [1, -2, 3, 4]),
      format: { ...format, wordLength: { elements: [6, 6, 5, 4] } },
    });
    expect(pruned.graph.provenance).toEqual({ seed: 3, pruned: { first: [1] } });
    expect(pruned.graph.outputs).toEqual(['last']);
  });

  it('go in a layer when they are gone in the next, and so on', () => {
    const rows = [
      [1, 0],
      [0, 2],
    ];
    const pruned = prune(
      [2],
      [
        dense('a', rows),
        dense('b', rows),
        dense('c', rows),
        dense('d', [
          [0, 0],
          [1, 2],
        ]),
      ],
    );
    expect(keptOf(pruned)).toEqual({ a: [1], b: [1], c: [1] });
  });

  it('stay where one of several readers has a weight', () => {
    const first = dense('first', [
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const left = dense('left', [[0], [0], [1]]);
    const [name, operation, right] = dense('right', [[0], [2], [1]]);
    const pruned = prune([2], [first, left, [name, operation, { ...right, inputs: ['first'] }]]);
    expect(keptOf(pruned)).toEqual({ first: [1, 2] });
    expect(raw(pruned, 'left/weights')).toEqual([0, 1]);
    expect(raw(pruned, 'right/weights')).toEqual([2, 1]);
  });

  it('of inputs and outputs stay', () => {
    const rows = [
      [1, 2],
      [0, 0],
    ];
    expect(keptOf(prune([2], [dense('only', rows)]))).toEqual({});
    expect(keptOf(prune([2], [dense('first', rows), dense('last', [[1], [0]])], ['first', 'last']))).toEqual({});
  });

  it('keep one, which then keeps what it needs', () => {
    const rows = [
      [1, 2],
      [3, 4],
    ];
    const pruned = prune([2], [dense('a', rows), dense('b', rows), dense('c', [[0], [0]])]);
    expect(keptOf(pruned)).toEqual({ b: [0] });
    // A constant one needs nothing.
    const constant = prune(
      [2],
      [
        dense('a', rows),
        dense(
          'b',
          [
            [1, 0],
            [3, 0],
          ],
          [1, 2],
        ),
        dense('c', [[0], [0]]),
      ],
    );
    expect(keptOf(constant)).toEqual({ a: [0], b: [1] });
  });

  it('keep their integers where exact types would get another binary point', () => {
    const perChannel = { signed: true, wordLength: 6, binaryPoint: { axis: 1, values: [3, 9] } };
    const weights = { tensors: { weights: tensor([2, 2], [7, 1, -3, 4], perChannel) }, outputType: 'exact' } as const;
    const last = dense('last', [[1], [0]]);
    const { graph } = prune([2], [['first', 'dense', weights], ['active', 'relu', { outputType: 'exact' }], last]);
    // The first one keeps its type; what follows has that binary point again, and no cast.
    expect(graph.nodes[1]).toMatchObject({
      shape: [1],
      exactType: { binaryPoint: 6 },
      outputType: { binaryPoint: 12 },
    });
    expect(graph.nodes[2].outputType).toMatchObject(graph.nodes[2].exactType);
    expect(graph.nodes[2].exactType.binaryPoint).toBe(12);
  });

  it('make exact types shorter where the binary point stays', () => {
    const weights = tensor([2, 2], [31, 1, 31, -1]);
    const first: Layer = ['first', 'dense', { tensors: { weights }, outputType: 'exact' }];
    const { graph } = prune([2], [first, dense('last', [[0], [1]])]);
    expect(graph.nodes[1].outputType).toMatchObject({ ...graph.nodes[1].exactType, wordLength: 7 });
  });

  it('leave the type that a table is made for', () => {
    const weights = tensor([2, 2], [31, 1, 31, -1]);
    const first: Layer = ['first', 'dense', { tensors: { weights }, outputType: 'exact' }];
    const words = 2 ** 12;
    const entries = Array.from({ length: words }, (_, word) => (word % 61) - 30);
    const table: Layer = ['function', 'table', { tensors: { table: tensor([words], entries) } }];
    const pruned = prune([2], [first, table, dense('last', [[0], [1]])]);
    expect(keptOf(pruned)).toEqual({ first: [1], function: [1] });
    expect(pruned.graph.nodes[1].outputType.wordLength).toBe(12);
  });

  it('take fewer bytes and the storage of what remains', () => {
    const wide = { signed: true, wordLength: { axis: 1, values: [6, 60] }, binaryPoint: 3 };
    const weights = { shape: [2, 2], format: wide, raw: BigInt64Array.of(7n, 1n, -3n, 4n) };
    const pruned = prune([2], [['first', 'dense', { tensors: { weights } }], dense('last', [[1], [0]])]);
    expect(pruned.graph.tensors['first/weights'].raw).toEqual(Float64Array.of(7, -3));
    const bytes = saveGraph(pruned.graph);
    expect(saveGraph(loadGraph(bytes).graph)).toEqual(bytes);
  });
});

describe('channels that are 0 for every input', () => {
  it('go, through everything that makes 0 of it, up to the layer that sums it', () => {
    const channels = 2;
    const norm = { scale: tensor([channels], [4, 5]), offset: tensor([channels], [0, 6]) };
    const pruned = prune(
      [2, 2, 1],
      [
        conv('conv', [[0, 3]]),
        ['norm', 'batch-normalization', { tensors: norm }],
        ['active', 'relu'],
        ['slope', 'prelu', { tensors: { alpha: tensor([channels], [1, 2]) } }],
        ['around', 'zero-padding2d', { attributes: { padding: [1, 0, 1, 0] } }],
        ['twice', 'up-sampling2d', { attributes: { size: [2, 1] } }],
        ['smaller', 'max-pooling2d', { attributes: { poolSize: [2, 1], strides: [2, 1], padding: [0, 0, 0, 0] } }],
        conv(
          'padded',
          [
            [1, 2],
            [3, 4],
          ],
          undefined,
          true,
        ),
        ['flat', 'flatten'],
        dense(
          'last',
          Array.from({ length: 18 }, (_, index) => [index % 5]),
        ),
      ],
    );
    const one = [1];
    expect(keptOf(pruned)).toMatchObject({ conv: one, norm: one, active: one, slope: one, around: one, twice: one });
    expect(pruned.graph.nodes.map(({ shape }) => shape.join('x'))).toEqual([
      '2x2x1',
      '2x2x1',
      '2x2x1',
      '2x2x1',
      '2x2x1',
      '3x3x1',
      '6x3x1',
      '3x3x1',
      '3x3x2',
      '18',
      '1',
    ]);
    expect(raw(pruned, 'norm/offset')).toEqual([6]);
    expect(raw(pruned, 'slope/alpha')).toEqual([2]);
    expect(pruned.graph.nodes[8].constants).toEqual({ weights: 'padded/weights' });
  });

  it('go behind a flatten or a reshape, at each of their places', () => {
    const flat = prune(
      [1, 2, 1],
      [conv('conv', [[2, 0, 3]]), ['flat', 'flatten'], dense('last', [[1], [2], [3], [4], [5], [6]])],
    );
    expect(keptOf(flat)).toEqual({ conv: [0, 2], flat: [0, 2, 3, 5] });
    expect(raw(flat, 'last/weights')).toEqual([1, 3, 4, 6]);
    // Twelve channels become rows of four: a channel of those goes with three of them.
    const first = dense('first', [Array.from({ length: 12 }, (_, index) => (index % 4 === 1 ? 0 : index + 1))]);
    const rows: Layer = ['rows', 'reshape', { attributes: { shape: [3, 4] } }];
    const reshaped = prune([1], [first, rows, dense('last', [[1], [2], [3], [4]])]);
    expect(keptOf(reshaped)).toEqual({ first: [0, 2, 3, 4, 6, 7, 8, 10, 11], rows: [0, 2, 3] });
    expect(reshaped.graph.nodes[2].attributes).toEqual({ shape: [3, 3] });
    // Of rows of three only what is left of both sides' periods could go: nothing.
    const others: Layer = ['rows', 'reshape', { attributes: { shape: [4, 3] } }];
    expect(keptOf(prune([1], [first, others, dense('last', [[1], [2], [3]])]))).toEqual({});
  });

  it('whose values have no width go', () => {
    const outputType = { ...type(8, 4), wordLength: { axis: 0, values: [8, 0] } };
    const [name, operation, first] = dense('first', [
      [1, 2],
      [3, 4],
    ]);
    const pruned = prune([2], [[name, operation, { ...first, outputType }], dense('last', [[1], [2]])]);
    expect(keptOf(pruned)).toEqual({ first: [0] });
    expect(pruned.graph.nodes[1].outputType.wordLength).toEqual({ axis: 0, values: [8] });
  });
});

describe('channels that are another constant', () => {
  it('become a part of the bias, exactly', () => {
    // 5/8 as weights of 4/8 and -3/8 see it, at their own binary points.
    const pruned = prune(
      [2],
      [
        dense(
          'first',
          [
            [1, 0],
            [2, 0],
          ],
          [1, 5],
        ),
        dense(
          'last',
          [
            [1, 2],
            [4, -3],
          ],
          [7, 8],
        ),
      ],
    );
    expect(keptOf(pruned)).toEqual({ first: [0] });
    const { format: own, raw: bias } = pruned.graph.tensors['last/bias'];
    const values = Array.from(bias as Float64Array, (value) => value * 2 ** -(own.binaryPoint as number));
    expect(values).toEqual([7 / 8 + (5 / 8) * (4 / 8), 8 / 8 + (5 / 8) * (-3 / 8)]);
  });

  it('become a bias where there was none, in the shortest words', () => {
    const weights = [
      [1, 0],
      [2, 0],
    ];
    const first = dense('first', weights, [1, 4]);
    const pruned = prune(
      [2],
      [
        first,
        dense('last', [
          [1, 2],
          [4, 0],
        ]),
      ],
    );
    expect(pruned.graph.nodes[2].constants).toEqual({ weights: 'last/weights', bias: 'last/bias' });
    // 4/8 * 4/8 is one bit; 0 takes part.
    expect(pruned.graph.tensors['last/bias']).toEqual(
      tensor([2], [1, 0], { signed: false, wordLength: 1, binaryPoint: 2 }),
    );
    // What has no weight adds nothing.
    const none = prune(
      [2],
      [
        first,
        dense('last', [
          [1, 2],
          [0, 0],
        ]),
      ],
    );
    expect(none.graph.nodes[2].constants).toEqual({ weights: 'last/weights' });
  });

  it('are so by a scale of 0, too, and through what comes after it', () => {
    const norm = { scale: tensor([2], [0, 5]), offset: tensor([2], [-12, 6]) };
    const layers = (last: Layer): Layer[] => [
      conv('conv', [[2, 3]]),
      ['norm', 'batch-normalization', { tensors: norm }],
      ['slope', 'prelu', { tensors: { alpha: tensor([2], [4, 2]) } }],
      ['sign', 'sign', { outputType: 'exact' }],
      last,
    ];
    const all = { conv: [1], norm: [1], slope: [1], sign: [1] };
    const pruned = prune([2, 2, 1], layers(conv('last', [[1], [2]])));
    expect(keptOf(pruned)).toEqual(all);
    // The sign is -1, its weight 1/8.
    expect(pruned.graph.tensors['last/bias']).toEqual(
      tensor([1], [-1], { signed: true, wordLength: 1, binaryPoint: 3 }),
    );
    // Zeros around the image are another sum at its border.
    expect(keptOf(prune([2, 2, 1], layers(conv('last', [[1], [2]], undefined, true))))).toEqual({});
    expect(keptOf(prune([2, 2, 1], layers(conv('last', [[0], [2]], undefined, true))))).toEqual(all);
  });

  it('stay where they are not the same at every place of the image', () => {
    const first = conv('first', [[2, 0]], [1, 5]);
    const around: Layer = ['around', 'zero-padding2d', { attributes: { padding: [1, 1, 1, 1] } }];
    const last = conv('last', [[1], [2]]);
    expect(keptOf(prune([2, 2, 1], [first, around, last]))).toEqual({});
    expect(keptOf(prune([2, 2, 1], [first, last]))).toEqual({ first: [0] });
    // Each value has a place of its own behind a flatten.
    const rows = Array.from({ length: 32 }, (_, index) => [index - 16]);
    const flat = prune([2, 2, 1], [first, around, ['flat', 'flatten'], dense('last', rows)]);
    expect(keptOf(flat)).toMatchObject({ first: [0], around: [0] });
  });

  it('stay behind an average that differs at the border, and go behind one that does not', () => {
    const keptBehind = (padding: readonly number[], counts: readonly number[], reciprocals: readonly number[]) => {
      const unsigned = { signed: false, wordLength: 8, binaryPoint: 8 };
      const average: Layer = [
        'average',
        'average-pooling2d',
        {
          attributes: { poolSize: [2, 2], strides: [1, 1], padding, counts },
          tensors: { reciprocals: tensor([counts.length], reciprocals, unsigned) },
          outputType: type(16, 12),
        },
      ];
      return keptOf(prune([2, 2, 1], [conv('first', [[2, 0]], [1, 5]), average, conv('last', [[1], [2]])]));
    };
    const gone = { first: [0], average: [0] };
    expect(keptBehind([0, 0, 0, 0], [4], [63])).toEqual(gone);
    // Halves and quarters are the same everywhere, unless one of them is not quite what it says.
    expect(keptBehind([1, 0, 0, 0], [2, 4], [128, 64])).toEqual(gone);
    expect(keptBehind([1, 0, 0, 0], [2, 4], [128, 63])).toEqual({});
  });

  it('stay in front of a transposed convolution, whose pixels meet different taps', () => {
    const weights = tensor([2, 2, 2, 1], [1, 2, 3, 4, 5, 6, 7, 8]);
    const attributes = { strides: [1, 1], size: [3, 3], cropping: [0, 0] };
    const last: Layer = ['last', 'conv2d-transpose', { attributes, tensors: { weights } }];
    expect(keptOf(prune([2, 2, 1], [conv('first', [[2, 0]], [1, 5]), last]))).toEqual({});
    expect(keptOf(prune([2, 2, 1], [conv('first', [[2, 0]]), last]))).toEqual({ first: [0] });
  });

  it('stay where types differ within a channel', () => {
    // Both rows saturate at one raw integer, which means two values.
    const outputType = { ...type(3, 4), binaryPoint: { axis: 0, values: [4, 3] } };
    const [name, operation, first] = conv('first', [[2, 0]], [1, 4]);
    const layers: Layer[] = [[name, operation, { ...first, outputType }], conv('last', [[1], [2]])];
    expect(keptOf(prune([2, 2, 1], layers))).toEqual({});
  });
});

describe('joins', () => {
  const two = (name: string, columns: readonly (readonly number[])[], inputs: string[]): Layer => {
    const [, operation, rest] = dense(name, columns);
    return [name, operation, { ...rest, inputs }];
  };

  it.each(['add', 'subtract', 'multiply', 'maximum', 'minimum'])(
    '%s: drop a channel on all sides or on none',
    (join) => {
      const layers = (last: Layer): Layer[] => [
        two(
          'left',
          [
            [1, 2],
            [3, 4],
          ],
          ['x'],
        ),
        two(
          'right',
          [
            [5, 6],
            [7, 8],
          ],
          ['x'],
        ),
        ['join', join, { inputs: ['left', 'right'] }],
        last,
      ];
      const unread = prune([2], layers(dense('last', [[0], [1]])));
      expect(keptOf(unread)).toEqual({ left: [1], right: [1], join: [1] });
      const also = prune([2], [...layers(dense('last', [[0], [1]])), two('other', [[1], [0]], ['right'])]);
      expect(keptOf(also)).toEqual({});
    },
  );

  it('keep a channel of zeros that is added to others', () => {
    const layers = (right: readonly (readonly number[])[]): Layer[] => [
      two(
        'left',
        [
          [0, 2],
          [0, 4],
        ],
        ['x'],
      ),
      two('right', right, ['x']),
      ['join', 'add', { inputs: ['left', 'right'] }],
      dense('last', [[3], [1]]),
    ];
    expect(
      keptOf(
        prune(
          [2],
          layers([
            [5, 6],
            [7, 8],
          ]),
        ),
      ),
    ).toEqual({});
    expect(
      keptOf(
        prune(
          [2],
          layers([
            [0, 6],
            [0, 8],
          ]),
        ),
      ),
    ).toEqual({ left: [1], right: [1], join: [1] });
  });

  it('concatenate: each input loses its own', () => {
    const layers: Layer[] = [
      two(
        'left',
        [
          [1, 2],
          [3, 4],
        ],
        ['x'],
      ),
      two(
        'right',
        [
          [5, 6, 7],
          [7, 8, 9],
        ],
        ['x'],
      ),
      ['join', 'concatenate', { inputs: ['left', 'right', 'left'], attributes: { axis: 0 } }],
      dense('last', [[0], [1], [2], [0], [3], [0], [0]]),
    ];
    const pruned = prune([2], layers);
    // The left one comes twice, and one of its places is read.
    expect(keptOf(pruned)).toEqual({ left: [1], right: [0, 2], join: [1, 2, 4, 6] });
    expect(raw(pruned, 'last/weights')).toEqual([1, 2, 3, 0]);
  });

  it('concatenate along another axis: all inputs lose the same', () => {
    const join: Layer = ['join', 'concatenate', { inputs: ['left', 'right'], attributes: { axis: 1 } }];
    const [, , left] = conv('left', [[1, 2]]);
    const [, , right] = conv('right', [[0, 3]]);
    const pruned = prune(
      [2, 2, 1],
      [
        ['left', 'conv2d', { ...left, inputs: ['x'] }],
        ['right', 'conv2d', { ...right, inputs: ['x'] }],
        join,
        conv('last', [[0], [4]]),
      ],
    );
    expect(keptOf(pruned)).toEqual({ left: [1], right: [1], join: [1] });
  });
});

describe('convolutions by channels', () => {
  const depthwise = (groups: number, values: readonly number[], bias: readonly number[]): Layer => {
    const weights = tensor([1, 1, 1, values.length], values);
    const attributes = { strides: [1, 1], dilations: [1, 1], padding: [0, 0, 0, 0], groups };
    return ['depthwise', 'conv2d', { attributes, tensors: { weights, bias: tensor([bias.length], bias) } }];
  };

  it('lose channels of both sides', () => {
    const pruned = prune(
      [2, 2, 1],
      [conv('first', [[1, 2, 3]]), depthwise(3, [4, 5, 6], [1, 2, 3]), conv('last', [[1], [0], [1]])],
    );
    expect(keptOf(pruned)).toEqual({ first: [0, 2], depthwise: [0, 2] });
    expect(pruned.graph.nodes[2].attributes).toMatchObject({ groups: 2 });
    expect(raw(pruned, 'depthwise/bias')).toEqual([1, 3]);
  });

  it('lose the results of a channel together', () => {
    const layers = (rows: readonly (readonly number[])[]): Layer[] => [
      conv('first', [[1, 2]]),
      depthwise(2, [4, 5, 6, 7], [1, 2, 3, 4]),
      conv('last', rows),
    ];
    expect(keptOf(prune([2, 2, 1], layers([[0], [0], [1], [0]])))).toEqual({ first: [1], depthwise: [2, 3] });
    expect(keptOf(prune([2, 2, 1], layers([[0], [1], [1], [1]])))).toEqual({});
  });

  it('have constants where weights are 0', () => {
    const pruned = prune([2, 2, 1], [conv('first', [[1, 2]]), depthwise(2, [0, 5], [3, 2]), conv('last', [[1], [2]])]);
    expect(keptOf(pruned)).toEqual({ first: [1], depthwise: [1] });
    expect(raw(pruned, 'last/bias')).toEqual([3]);
  });

  it('of groups of several keep all', () => {
    const weights = tensor([1, 1, 2, 2], [1, 2, 3, 4]);
    const attributes = { strides: [1, 1], dilations: [1, 1], padding: [0, 0, 0, 0], groups: 2 };
    const grouped: Layer = ['grouped', 'conv2d', { attributes, tensors: { weights } }];
    expect(keptOf(prune([2, 2, 1], [conv('first', [[1, 0, 0, 2]]), grouped, conv('last', [[1], [0]])]))).toEqual({});
  });
});

describe('layers that keep all of their channels', () => {
  const first = dense('first', [
    [1, 0, 2],
    [3, 0, 4],
  ]);

  it('are those whose results tell channels apart', () => {
    expect(keptOf(prune([2], [first, ['best', 'argmax', { outputType: type(4, 0, false) }]]))).toEqual({});
    const unsigned = { signed: false, wordLength: 4, binaryPoint: 4 };
    const tables = { exponentials: tensor([3], [15, 7, 2], unsigned), reciprocals: tensor([2], [15, 8], unsigned) };
    const softmax: Layer = ['shares', 'softmax', { tensors: tables }];
    expect(keptOf(prune([2], [first, softmax, dense('last', [[1], [2], [0]])]))).toEqual({});
  });

  it('are those of operations of a user that say nothing about channels', () => {
    registerOperation({ ...(operations.requantize as Operation), name: 'test/silent', channels: undefined });
    registerOperation({ ...(operations.requantize as Operation), name: 'test/same' });
    const behind = (operation: string) =>
      keptOf(prune([2], [first, ['own', operation], dense('last', [[1], [2], [0]])]));
    expect(behind('test/silent')).toEqual({});
    expect(behind('test/same')).toEqual({ first: [0], own: [0] });
  });

  it('are those that share a constant', () => {
    const [name, operation, last] = dense('last', [
      [1, 0],
      [0, 0],
    ]);
    const shared = { ...last, constants: { weights: 'last/weights' } };
    const layers: Layer[] = [
      dense('first', [
        [1, 2],
        [3, 4],
      ]),
      [name, operation, last],
      ['twice', 'dense', { ...shared, tensors: {} }],
    ];
    expect(keptOf(prune([2], layers))).toEqual({});
  });
});
