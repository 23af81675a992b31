import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadGraph } from '../../src/qfx/index.js';
import { everyOperation } from '../graph/every-operation.js';
import { pathsOf } from './support.js';

describe('the way in which a layer is computed', () => {
  it('is a fast one for every layer of a trained ResNet-8', () => {
    const { graph } = loadGraph(readFileSync('results/graphs/resnet8-w8a8.safetensors'));
    const paths = pathsOf(graph);
    for (const { name, operation } of graph.nodes) {
      if (operation === 'input') continue;
      expect(paths[name], name).toBe(operation === 'conv2d' || operation === 'dense' ? 'int16' : 'int32');
    }
  });

  it('follows from types: by channel, by element, beyond 32 and beyond 53 bits', () => {
    expect(pathsOf(everyOperation())).toEqual({
      conv: 'int16',
      normalization: 'int64', // a binary point for each channel
      relu: 'reference', // of such an operand
      depthwise: 'int16',
      shortcut: 'int32',
      clipped: 'int32',
      'max pool': 'int32',
      'average pool': 'int32',
      join: 'int32',
      averages: 'int32',
      largest: 'int32',
      flat: 'copy',
      grid: 'copy',
      best: 'int64',
      pruned: 'int64', // a word length for each channel
      features: 'reference', // joins such operands
      dense: 'int64',
    });
  });
});
