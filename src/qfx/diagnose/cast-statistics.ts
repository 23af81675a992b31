import type { GraphNode } from '../graph/graph.js';
import { isInRange } from '../number/cast.js';
import { needsBigInt } from '../number/raw-array.js';
import type { RawArray } from '../number/raw-array.js';
import { elementCount } from '../number/shape.js';
import { rawRange } from '../number/type.js';
import type { FixedPointFormat, FixedPointType } from '../number/type.js';
import { formatAt } from '../number/validate-type.js';

/** What the cast of a node did to the values of some images, and which of its values ever occurred. */
export interface CastReport {
  readonly values: number;
  /** Of the cast, in dB: squares of exact values over squares of what the cast changed. Null: it changed none. */
  readonly signalToNoise: number | null;
  /** Values that were, once rounded, below or above the range of the declared type: saturated, or wrapped as it says. */
  readonly below: number;
  readonly above: number;
  /** Exact values other than 0 that were in range and became 0. */
  readonly underflows: number;
  /** Bits of the word that no value needed, those on top; 0 where every value is of no width. */
  readonly unusedBits: number;
  /** No value of a signed type was negative: unsigned, the same values take one bit less. */
  readonly neverNegative: boolean;
  readonly channels: number;
  /** Channels, indices of the last axis, in which every value was 0. */
  readonly deadChannels: readonly number[];
}

/** Watches one node: raw integers in front of its cast and behind it, images after images. */
export class CastStatistics {
  private readonly elements: number;
  /** For each element the largest and the smallest exact raw integer that is in range. */
  private readonly highest: (number | bigint)[];
  private readonly lowest: (number | bigint)[];
  /** For each element what its last bit is, in units of the exact type's last bit. */
  private readonly scale: Float64Array;
  private readonly smallest: (number | bigint)[];
  private readonly largest: (number | bigint)[];
  private signal = 0;
  private noise = 0;
  private below = 0;
  private above = 0;
  private underflows = 0;
  private values = 0;

  constructor(private readonly node: GraphNode) {
    const { shape, exactType, outputType } = node;
    this.elements = elementCount(shape);
    const indices = Array.from({ length: this.elements }, (_, index) => index);
    const store = needsBigInt(exactType) ? (value: bigint) => value : Number;
    const known = new Map<string, readonly [lowest: number | bigint, highest: number | bigint]>();
    const bounds = indices.map((index) => {
      const { wordLength, binaryPoint } = formatAt(outputType, shape, index);
      const key = `${wordLength} ${binaryPoint}`;
      let found = known.get(key);
      if (found === undefined) {
        const { rounding, overflow } = outputType;
        const [lowest, highest] = boundsInFront(exactType, {
          ...formatAt(outputType, shape, index),
          rounding,
          overflow,
        });
        known.set(key, (found = [store(lowest), store(highest)]));
      }
      return found;
    });
    this.lowest = bounds.map(([lowest]) => lowest);
    this.highest = bounds.map(([, highest]) => highest);
    this.scale = Float64Array.from(indices, (index) => {
      const { wordLength, binaryPoint } = formatAt(outputType, shape, index);
      return wordLength === 0 ? 0 : 2 ** (exactType.binaryPoint - binaryPoint);
    });
    const zero = needsBigInt(outputType) ? 0n : 0;
    this.smallest = indices.map(() => zero);
    this.largest = indices.map(() => zero);
  }

  /** Takes the values of some images, one image after the other. */
  add(exact: RawArray, cast: RawArray): void {
    const { elements, highest, lowest, scale, smallest, largest } = this;
    const isFirst = this.values === 0;
    for (let index = 0; index < cast.length; index++) {
      const element = index % elements;
      const [before, after] = [exact[index], cast[index]];
      const signal = Number(before);
      const noise = Number(after) * scale[element] - signal;
      this.signal += signal * signal;
      this.noise += noise * noise;
      if (before > highest[element]) this.above++;
      else if (before < lowest[element]) this.below++;
      else if (signal !== 0 && Number(after) === 0) this.underflows++;
      if (isFirst && index < elements) smallest[element] = largest[element] = after;
      else if (after < smallest[element]) smallest[element] = after;
      else if (after > largest[element]) largest[element] = after;
    }
    this.values += cast.length;
  }

  report(): CastReport {
    const { values, below, above, underflows, node } = this;
    const channels = node.shape[node.shape.length - 1];
    const alive = new Set<number>();
    let unusedBits = Infinity;
    for (let element = 0; element < this.elements; element++) {
      const [smallest, largest] = [BigInt(this.smallest[element]), BigInt(this.largest[element])];
      if (smallest !== 0n || largest !== 0n) alive.add(element % channels);
      const format = formatAt(node.outputType, node.shape, element);
      if (format.wordLength === 0) continue;
      unusedBits = Math.min(unusedBits, format.wordLength - bitsFor(smallest, largest, format.signed));
    }
    return {
      values,
      signalToNoise: this.noise === 0 ? null : 10 * Math.log10(this.signal / this.noise),
      ...{ below, above, underflows },
      unusedBits: unusedBits === Infinity ? 0 : unusedBits,
      neverNegative: node.outputType.signed && this.smallest.every((value) => value >= 0),
      channels,
      deadChannels: Array.from({ length: channels }, (_, channel) => channel).filter((channel) => !alive.has(channel)),
    };
  }
}

/** The smallest and the largest raw integer of a format that a cast to a type does not have to saturate or wrap. */
function boundsInFront(from: FixedPointFormat, to: FixedPointType): [lowest: bigint, highest: bigint] {
  const { minimum, maximum } = rawRange(from);
  return [farthest(minimum, from, to), farthest(maximum, from, to)];
}

/** The raw integer between 0, which is in range, and an end that is the farthest in range: rounding keeps the order. */
function farthest(end: bigint, from: FixedPointFormat, to: FixedPointType): bigint {
  if (isInRange(end, from.binaryPoint, to)) return end;
  let inside = 0n;
  let outside = end;
  while (outside - inside > 1n || inside - outside > 1n) {
    const middle = (inside + outside) / 2n;
    if (isInRange(middle, from.binaryPoint, to)) inside = middle;
    else outside = middle;
  }
  return inside;
}

/** Bits of a word that holds two raw integers, its sign included. */
function bitsFor(smallest: bigint, largest: bigint, signed: boolean): number {
  const bits = (value: bigint) => (value <= 0n ? 0 : value.toString(2).length);
  return signed ? Math.max(bits(-smallest - 1n), bits(largest)) + 1 : bits(largest);
}
