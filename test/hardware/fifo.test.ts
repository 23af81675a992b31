import { describe, expect, it } from 'vitest';
import type { Graph } from '../../src/qfx/graph/graph.js';
import { buildDataflow } from '../../src/qfx/hardware/dataflow.js';
import { streamDepths, sufficientDepths } from '../../src/qfx/hardware/fifo.js';
import { chooseLanes } from '../../src/qfx/hardware/lanes.js';
import type { LayerLanes } from '../../src/qfx/hardware/lanes.js';
import { randomPlan } from '../hls-codegen/support/lanes.js';
import { NetworkBuilder, resnet8 } from './network-builder.js';
import { pickBySeed } from './pick.js';

type Lanes = (node: string) => LayerLanes;

/** True when the words of an image pass with these depths: a Kahn network, each process in turn doing one thing if it can. */
function passes(graph: Graph, lanes: Lanes, depths: ReadonlyMap<string, number>): boolean {
  const { processes, channels } = buildDataflow(graph, lanes);
  const words = channels.map(() => 0);
  const depth = channels.map(({ key }) => (key === undefined ? 2 : depths.get(key)!));
  const running = processes.map(({ actions, inputs, outputs }) => {
    const iterator = actions[Symbol.iterator]();
    return { iterator, inputs, outputs, next: iterator.next() };
  });
  for (let moved = true; moved;) {
    moved = false;
    for (const process of running) {
      if (process.next.done) continue;
      const action = process.next.value;
      const channel = action >= 0 ? process.inputs[action] : process.outputs[~action];
      if (action >= 0 ? words[channel] === 0 : words[channel] === depth[channel]) continue;
      words[channel] += action >= 0 ? -1 : 1;
      process.next = process.iterator.next();
      moved = true;
    }
  }
  const finished = running.every(({ next }) => next.done);
  // Words that nobody reads would be in the way of the next image.
  if (finished) expect(words.every((count) => count === 0)).toBe(true);
  return finished;
}

function lanesOf(graph: Graph): Lanes {
  const lanes = chooseLanes(graph);
  return (node) => lanes.get(node)!;
}

/** The found depths suffice, and none of those that were enlarged can be one smaller. */
function expectMinimal(graph: Graph, lanes: Lanes): Map<string, number> {
  const minimums = sufficientDepths(graph, lanes, () => 2);
  expect(passes(graph, lanes, minimums)).toBe(true);
  for (const [key, minimum] of minimums) {
    if (minimum > 2) expect(passes(graph, lanes, new Map([...minimums, [key, minimum - 1]])), key).toBe(false);
  }
  const planned = [...streamDepths(graph, lanes)].map(([key, { depth }]) => [key, depth] as const);
  expect(passes(graph, lanes, new Map(planned))).toBe(true);
  return minimums;
}

describe('streamDepths', () => {
  it('leaves a chain at depth 2', () => {
    const network = new NetworkBuilder();
    const pooled = network.maxPool(network.relu(network.conv2d(network.input(8, 8, 3), 8)), {});
    const graph = network.build(network.dense(network.flatten(pooled), 10));
    expect([...streamDepths(graph, lanesOf(graph)).values()]).toEqual(Array(5).fill({ minimum: 2, depth: 2 }));
  });

  it('lets a shortcut wait for a convolution to see its first window', () => {
    const network = new NetworkBuilder();
    const image = network.input(6, 8, 4);
    const convolved = network.conv2d(image, 4);
    const graph = network.build(network.add(convolved, image));
    // The window needs a row and two pixels, the last of which reaches the convolution before it reaches the shortcut.
    const depths = streamDepths(graph, lanesOf(graph));
    expect(depths.get('input0->add2')).toEqual({ minimum: 8 + 1, depth: 8 + 1 + 16 });
    expect(depths.get('input0->conv2d1')).toEqual({ minimum: 2, depth: 2 });
    expectMinimal(graph, lanesOf(graph));
  });

  it('counts a margin for every layer on the other way', () => {
    const network = new NetworkBuilder();
    const image = network.input(4, 4, 4);
    const long = network.relu(network.batchNormalization(network.requantize(image)));
    const short = network.relu(image);
    const graph = network.build(network.dense(network.flatten(network.add(long, short)), 3));
    const depths = streamDepths(graph, lanesOf(graph));
    expect(depths.get('input0->relu4')).toEqual({ minimum: 2, depth: 2 + 3 * 16 });
    expect(depths.get('input0->requantize1')).toEqual({ minimum: 2, depth: 2 + 16 });
    expect(depths.get('relu4->add5')).toEqual({ minimum: 2, depth: 2 });
  });

  it('holds a whole image where its summary is sent first', () => {
    const network = new NetworkBuilder();
    const image = network.input(4, 5, 4);
    const summary = network.globalPool('global-max-pooling2d', image);
    const graph = network.build(network.concatenate(summary, network.flatten(image)));
    const minimums = expectMinimal(graph, lanesOf(graph));
    // All 20 words, less the last one, which reaches the pooling before it comes this way, and one inside the flatten.
    expect(minimums.get('input0->flatten2')! + minimums.get('flatten2->concatenate3')!).toBe(18);
  });

  it('enlarges the stream that carries the fewest bits', () => {
    const network = new NetworkBuilder();
    const image = network.relu(network.input(16, 16, 4));
    const long = network.conv2d(network.conv2d(image, 4), 4, { strides: [4, 4] });
    const short = network.conv2d(image, 4, { size: [1, 1], strides: [4, 4] });
    const graph = network.build(network.add(long, short));
    const minimums = expectMinimal(graph, lanesOf(graph));
    expect(minimums.get('relu1->conv2d4')).toBe(2);
    expect(minimums.get('conv2d4->add5')).toBeGreaterThan(2);
  });

  it('finds the smallest depths of ResNet-8', () => {
    const graph = resnet8(32);
    const minimums = expectMinimal(graph, lanesOf(graph));
    expect([...minimums.values()].filter((minimum) => minimum > 2)).toHaveLength(3);
  });

  it('finds the smallest depths of random networks with random lanes', () => {
    let enlarged = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const draw = pickBySeed(seed);
      const graph = randomNetwork(draw);
      const plan = randomPlan(graph, draw);
      const minimums = expectMinimal(graph, (node) => plan.layers[node]);
      enlarged += [...minimums.values()].filter((minimum) => minimum > 2).length;
    }
    expect(enlarged).toBeGreaterThan(250);
  });
});

/** Convolutions, sums and concatenations of any earlier layers: forks within forks, some of which are left unread. */
function randomNetwork({ pick }: ReturnType<typeof pickBySeed>): Graph {
  const network = new NetworkBuilder();
  const layers = [network.input(5, 4, 4)];
  const earlier = () => pick(...layers.slice(-5));
  for (let count = pick(4, 6, 8, 10); count > 0; count--) {
    const layer = pick(
      () => network.conv2d(earlier(), 4, { size: pick([1, 1], [3, 3], [2, 3]) }),
      () => network.add(earlier(), earlier()),
      () => network.add(earlier(), earlier(), earlier()),
      () => network.conv2d(network.concatenate(earlier(), earlier()), 4, { size: [1, 1] }),
    );
    layers.push(layer());
  }
  return network.build(network.concatenate(...layers));
}
