import type { HardwarePlan } from '../../../src/qfx/hardware/plan.js';
import { streamDepths } from '../../../src/qfx/hardware/fifo.js';
import type { Graph } from '../../../src/qfx/index.js';
import type { RandomGraph } from './random-graph.js';

function divisors(number: number): number[] {
  return Array.from({ length: number }, (_, index) => index + 1).filter((divisor) => number % divisor === 0);
}

/** A plan with lanes drawn among all that fit. */
export function randomPlan(graph: Graph, draw: Pick<RandomGraph, 'pick'>): HardwarePlan {
  const channels = (name: string) => graph.nodes.find((node) => node.name === name)!.shape.at(-1)!;
  const lanes = new Map(
    graph.nodes.map(({ name, inputs }) => {
      const outputLanes = draw.pick(...divisors(channels(name)));
      const fit = divisors(channels(inputs[0] ?? name)).filter((number) =>
        inputs.every((input) => channels(input) % number === 0),
      );
      return [name, { inputLanes: inputs.length === 0 ? outputLanes : draw.pick(...fit), outputLanes }] as const;
    }),
  );
  const depths = streamDepths(graph, (name) => lanes.get(name)!);
  return {
    formatVersion: 1,
    board: 'none',
    part: 'xczu3eg-sbva484-1-i',
    clockPeriodNs: 5,
    resources: { lut: 70560, ff: 141120, dsp: 360, bram18: 432, uram: 0 },
    interface: { inputWordBits: draw.pick(8, 32, 64), outputWordBits: draw.pick(8, 32, 64) },
    layers: Object.fromEntries(lanes),
    streams: Object.fromEntries([...depths].map(([key, { depth }]) => [key, { depth }])),
  };
}
