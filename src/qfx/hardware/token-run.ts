import type { Dataflow } from './dataflow.js';

/**
 * Lets the words of one image run through a dataflow whose streams have these capacities, until every process has finished
 * or all are waiting for each other. Which process runs first makes no difference: each one only ever waits for one
 * stream at a time, so the order of words in every stream, and where it all stops, follows from the capacities alone.
 *
 * When all wait, `onDeadlock` gets the full streams of a circle of waiting processes; it makes at least one capacity larger
 * and returns true to go on, or returns false to stop.
 * @returns true when all processes have finished
 */
export function runTokens(
  { processes, channels }: Dataflow,
  capacities: number[],
  onDeadlock: (fullChannels: readonly number[]) => boolean,
): boolean {
  const states = processes.map(({ actions }) => {
    const iterator = actions[Symbol.iterator]();
    return { iterator, next: iterator.next() };
  });
  const counts = new Int32Array(channels.length);
  const channelOf = (process: number, action: number) =>
    action >= 0 ? processes[process].inputs[action] : processes[process].outputs[~action];
  const ready = processes.map((_, index) => index);

  /** Runs a process until it waits or has finished. */
  const advance = (process: number): void => {
    const state = states[process];
    for (; !state.next.done; state.next = state.iterator.next()) {
      const reads = state.next.value >= 0;
      const channel = channelOf(process, state.next.value);
      if (reads ? counts[channel] === 0 : counts[channel] >= capacities[channel]) return;
      counts[channel] += reads ? -1 : 1;
      const other = reads ? channels[channel].writer : channels[channel].reader;
      const waiting = states[other].next;
      if (!waiting.done && waiting.value >= 0 !== reads && channelOf(other, waiting.value) === channel)
        ready.push(other);
    }
  };

  /** The full streams on the circle that is reached by following who waits for whom. */
  const fullChannelsOfCircle = (start: number): number[] => {
    const visited = new Map<number, number>();
    const path: { channel: number; full: boolean }[] = [];
    for (let process = start; ;) {
      const known = visited.get(process);
      if (known !== undefined) return path.slice(known).flatMap(({ channel, full }) => (full ? [channel] : []));
      visited.set(process, path.length);
      const { next } = states[process];
      if (next.done) throw new Error(`${processes[process].name} has finished, though a process waits for it`);
      const channel = channelOf(process, next.value);
      path.push({ channel, full: next.value < 0 });
      process = next.value < 0 ? channels[channel].reader : channels[channel].writer;
    }
  };

  for (;;) {
    for (let process = ready.pop(); process !== undefined; process = ready.pop()) advance(process);
    const waiting = states.findIndex(({ next }) => !next.done);
    if (waiting < 0) return true;
    const full = fullChannelsOfCircle(waiting);
    if (!onDeadlock(full)) return false;
    ready.push(...full.map((channel) => channels[channel].writer));
  }
}
