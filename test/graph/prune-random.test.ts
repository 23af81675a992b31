import { describe, expect, it } from 'vitest';
import { pruneChannels } from '../../src/qfx/graph/prune-channels.js';
import { compareGraphs, hasCast, summarizeGraph } from '../../src/qfx/index.js';
import type { JsonObject } from '../../src/qfx/index.js';
import { functionGraph, randomGraph, RandomGraph, seededDraw } from '../hls-codegen/support/random-graph.js';
import { expectSameIntegers } from './pruned.js';

const seeds = Array.from({ length: 120 }, (_, seed) => seed);

/** Many of its weights are 0: whole channels of inputs and of results, scales and offsets. */
class SparseGraph extends RandomGraph {
  override tensor(shape: readonly number[], signed?: boolean): string {
    const name = super.tensor(shape, signed);
    const { raw } = this.tensors[name];
    const outputs = shape[shape.length - 1];
    const inputs = shape.length > 1 ? shape[shape.length - 2] : 1;
    const zeros = (count: number) => Array.from({ length: count }, () => this.pick(true, false, false));
    const [ofInput, ofOutput] = [shape.length > 1 ? zeros(inputs) : [false], zeros(outputs)];
    raw.forEach((_, index) => {
      if (ofOutput[index % outputs] || ofInput[Math.floor(index / outputs) % inputs]) raw[index] = 0;
    });
    return name;
  }

  /** Half of them without padding and without groups. */
  override conv2d(): void {
    if (this.pick(true, false)) {
      super.conv2d();
      return;
    }
    const [height, width, channels] = this.shape();
    const kernel = [this.integer(1, Math.min(2, height)), this.integer(1, Math.min(2, width))];
    const outputs = this.integer(2, 6);
    const constants: Record<string, string> = { weights: this.tensor([...kernel, channels, outputs]) };
    if (this.pick(true, false)) constants.bias = this.tensor([outputs]);
    const attributes: JsonObject = { strides: [1, 1], dilations: [1, 1], padding: [0, 0, 0, 0], groups: 1 };
    this.add('conv2d', [height - kernel[0] + 1, width - kernel[1] + 1, outputs], { attributes, constants });
  }
}

describe.each([
  [
    'layers',
    randomGraph,
    'add average-pooling2d batch-normalization concatenate conv2d dense flatten global-average-pooling2d ' +
      'global-max-pooling2d leaky-relu max-pooling2d maximum minimum multiply prelu relu requantize reshape subtract ' +
      'up-sampling2d zero-padding2d',
  ],
  ['functions', functionGraph, 'conv2d conv2d-transpose flatten relu requantize sign table'],
] as const)('random networks of %s, many weights of which are 0', (_, make, operations) => {
  it('compute the same without the channels that nothing depends on', () => {
    const pruned = new Set<string>();
    let [biases, pinned] = [0, 0];
    for (const seed of seeds) {
      const draw = seededDraw(seed);
      const before = make(draw, new SparseGraph(draw));
      const result = pruneChannels(before);
      const { graph, kept } = result;
      expectSameIntegers(before, result, seed);
      expect(summarizeGraph(graph).bitOperations).toBeLessThanOrEqual(summarizeGraph(before).bitOperations);
      before.nodes.forEach((node, index) => {
        const { name, operation, shape, outputType, exactType } = node;
        if (kept.has(name)) pruned.add(operation);
        const after = graph.nodes[index];
        expect(after.exactType.wordLength).toBeLessThanOrEqual(exactType.wordLength);
        if (!hasCast(node) && after.exactType.binaryPoint !== exactType.binaryPoint) pinned++;
        if (operation !== 'input' && !before.outputs.includes(name)) return;
        expect(after).toMatchObject({ shape, outputType });
      });
      // A comparison knows what is left out, and finds what remains as it was; only biases take something up.
      const { nodes } = compareGraphs(before, graph);
      for (const [index, { name, differences, constants }] of nodes.entries()) {
        const left = differences.find(({ what }) => what === 'prunedChannels')?.b as number[] | undefined;
        const channels = before.nodes[index].shape.at(-1)!;
        expect(channels - (left?.length ?? 0), name).toBe(kept.get(name)?.length ?? channels);
        for (const { role, values } of constants)
          expect(role === 'bias' || values?.differingRaw === 0, name).toBe(true);
      }
      biases += Object.keys(graph.tensors).length - Object.keys(before.tensors).length;
      // Nothing is left to leave out.
      expect(pruneChannels(graph)).toEqual({ graph, kept: new Map() });
    }
    expect([...pruned].sort().join(' ')).toBe(operations);
    // Some constant channels got a bias of their own, some exact types another binary point.
    expect(biases).toBeGreaterThan(0);
    expect(pinned).toBeGreaterThan(0);
  });
});
