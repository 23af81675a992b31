import type { Graph } from '../../../src/qfx/index.js';
import type { DesignPlan } from '../../../src/hls-codegen/design.js';
import type { RandomGraph } from './random-graph.js';

function divisors(number: number): number[] {
  return Array.from({ length: number }, (_, index) => index + 1).filter((divisor) => number % divisor === 0);
}

/** Lanes drawn among all that fit. */
export function randomPlan(graph: Graph, draw: Pick<RandomGraph, 'pick'>): DesignPlan {
  const channels = (name: string) => graph.nodes.find((node) => node.name === name)!.shape.at(-1)!;
  const layers = graph.nodes.map(({ name, inputs }) => {
    const common = divisors(channels(inputs[0] ?? name)).filter((lanes) =>
      inputs.every((input) => channels(input) % lanes === 0),
    );
    return [name, { inputLanes: draw.pick(...common), outputLanes: draw.pick(...divisors(channels(name))) }] as const;
  });
  return {
    part: 'xczu3eg-sbva484-1-i',
    clockPeriodNs: 5,
    interface: { inputWordBits: draw.pick(8, 32, 64), outputWordBits: draw.pick(8, 32, 64) },
    layers: Object.fromEntries(layers),
    streams: {},
  };
}
