import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportHls } from '../../src/hls-codegen/index.js';
import { buildGraph } from '../../src/qfx/index.js';
import type { Graph, NodeSpecification, TensorType } from '../../src/qfx/index.js';
import { temporaryFolder } from './support/project.js';
import { tensor, type } from './support/small-graphs.js';

function image(name: string, shape: number[], outputType: TensorType = type(true, 6, 2)): NodeSpecification {
  return { name, operation: 'input', inputs: [], attributes: { shape }, outputType };
}

function graph(nodes: NodeSpecification[], tensors = {}): Graph {
  return buildGraph({ name: 'net', nodes, outputs: [nodes[nodes.length - 1].name], tensors });
}

const refused: Record<string, { graph: () => Graph; message: RegExp }> = {
  'several inputs': {
    graph: () =>
      graph([
        image('left', [4]),
        image('right', [4]),
        { name: 'sum', operation: 'add', inputs: ['left', 'right'], outputType: 'exact' },
      ]),
    message: /^graph "net": has 2 inputs \("left", "right"\)/,
  },
  'values of a type per channel': {
    graph: () =>
      graph([
        image('image', [2, 2, 3]),
        {
          name: 'cast',
          operation: 'requantize',
          inputs: ['image'],
          outputType: { ...type(true, 4, 0), binaryPoint: { axis: 2, values: [0, 1, 2] } },
        },
      ]),
    message: /^layer "cast": the binary point of its values differs along axis 2/,
  },
  'values of a type per element': {
    graph: () => graph([image('image', [2], { ...type(true, 4, 0), wordLength: { elements: [3, 4] } }), relu('image')]),
    message: /^layer "image": the word length of its values differs from value to value/,
  },
  'values of zero width that are not zero': {
    graph: () =>
      graph([
        image('image', [2]),
        { name: 'off', operation: 'requantize', inputs: ['image'], outputType: type(true, 0, 0) },
      ]),
    message: /^layer "off": its values have word length 0/,
  },
  'concatenation of rows': {
    graph: () =>
      graph([
        image('image', [2, 2, 3]),
        {
          name: 'both',
          operation: 'concatenate',
          inputs: ['image', 'image'],
          attributes: { axis: 0 },
          outputType: 'exact',
        },
      ]),
    message: /^layer "both": concatenates along axis 0; .*allowed: axis 2/,
  },
  'weights that need more than 64 bits once aligned': {
    graph: () =>
      graph(
        [
          image('image', [2], type(true, 2, 0)),
          { name: 'fc', operation: 'dense', inputs: ['image'], constants: { weights: 'w' }, outputType: 'exact' },
        ],
        // Both are 0, so that the exact type is narrow.
        { w: tensor([2, 1], [0, 0], { wordLength: 8, binaryPoint: { elements: [0, 60] } }) },
      ),
    message: /^layer "fc": weights: 68 bits once all binary points are aligned/,
  },
};

function relu(input: string): NodeSpecification {
  return { name: 'relu', operation: 'relu', inputs: [input], outputType: 'exact' };
}

describe('what does not stream is refused by name, and nothing is written:', () => {
  for (const [what, { graph, message }] of Object.entries(refused)) {
    it(what, async () => {
      const parent = await temporaryFolder();
      await expect(exportHls(graph(), { out: join(parent, 'out') })).rejects.toThrow(message);
      expect(await readdir(parent)).toEqual([]);
    });
  }
});
