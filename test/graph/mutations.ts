import { graphOf, putTogether, seal, takeApart, withGraph } from './sealed.js';
import type { TakenApart } from './sealed.js';

/** Whole numbers from 0 to before `end`, the same ones for the same seed. */
export type Random = (end: number) => number;

/** Mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed;
  return (end) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  };
}

/** Damage: bytes cut off, flipped, put in, taken out, doubled, or the header's length changed. */
export function damage(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random(bytes.length);
  const copy = bytes.slice();
  switch (random(7)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      copy[at] ^= 1 << random(8);
      return copy;
    case 2:
      for (let count = random(20); count >= 0; count--) copy[random(bytes.length)] = random(256);
      return copy;
    case 3:
      return Uint8Array.from([...bytes.subarray(0, at), random(256), ...bytes.subarray(at)]);
    case 4:
      return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + random(30))]);
    case 5:
      copy[random(8)] = random(256);
      return copy;
    default:
      return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(random(at + 1))]);
  }
}

/** A lie in the container's header about a tensor, behind a valid checksum wherever there can be one. */
export function lie(bytes: Uint8Array, random: Random): Uint8Array {
  const file = takeApart(bytes);
  for (let count = random(3); count >= 0; count--) mutateJson(file.header, random);
  return putTogether(seal(file));
}

/** Changes in the graph's JSON, behind a valid container and checksum. */
export function rewrite(bytes: Uint8Array, random: Random): { bytes: Uint8Array; graph: unknown } {
  const file: TakenApart = takeApart(bytes);
  const graph = graphOf(file);
  for (let count = random(3); count >= 0; count--) mutateJson(graph, random);
  return { bytes: withGraph(file, graph), graph };
}

/** Other numbers in the graph's JSON (shapes, attributes, types), behind a valid container and checksum. */
export function renumber(bytes: Uint8Array, random: Random): { bytes: Uint8Array; graph: unknown } {
  const file: TakenApart = takeApart(bytes);
  const graph = graphOf(file);
  const numbers = [...placesIn(graph as unknown as Container)].filter(
    ({ parent, key }) => typeof at(parent, key) === 'number',
  );
  for (let count = random(2); count >= 0; count--) {
    const { parent, key } = numbers[random(numbers.length)];
    (parent as Record<string, unknown>)[key] = pickNumber(at(parent, key) as number, random);
  }
  return { bytes: withGraph(file, graph), graph };
}

type Container = Record<string, unknown> | unknown[];

/** Changes one random place in a piece of JSON. */
function mutateJson(root: object, random: Random): void {
  const places = [...placesIn(root as Container)];
  if (places.length === 0) return;
  const { parent, key } = places[random(places.length)];
  const others = places[random(places.length)];
  const set = (value: unknown) => ((parent as Record<string, unknown>)[key] = value);
  const old = at(parent, key);
  switch (random(6)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
      break;
    case 1:
      set(structuredClone(at(others.parent, others.key)));
      break;
    case 2:
      if (Array.isArray(parent)) parent.splice(Number(key), 0, structuredClone(old));
      else parent[`${key}${random(3)}`] = old;
      break;
    default:
      set(typeof old === 'number' ? pickNumber(old, random) : pickValue(old, random));
  }
}

function* placesIn(parent: Container): Generator<{ parent: Container; key: string }, void> {
  for (const key of Object.keys(parent)) {
    yield { parent, key };
    const value = at(parent, key);
    if (typeof value === 'object' && value !== null) yield* placesIn(value as Container);
  }
}

function at(parent: Container, key: string): unknown {
  return (parent as Record<string, unknown>)[key];
}

function pickNumber(old: number, random: Random): number {
  const numbers = [0, 1, -1, 2, 64, 65, 1024, 65536, 2 ** 24, 2 ** 31, 1e9, 2 ** 53, 1e300, 0.5];
  return [old + 1, old - 1, old * 2, ...numbers][random(numbers.length + 3)];
}

function pickValue(old: unknown, random: Random): unknown {
  const values = [
    null,
    true,
    false,
    '',
    'image',
    'conv',
    '__proto__',
    'constructor',
    [],
    {},
    7,
    'x'.repeat(300),
    [1e9, 1e9],
    { axis: 0, values: [1] },
  ];
  const value = values[random(values.length + 1)];
  return value === undefined ? [old] : value;
}
