import { instantiate } from '../../web-assembly.js';
import type { WasmMemory } from '../../web-assembly.js';
import { assembly } from '../assembly.generated.js';

type Address = number;
/** A boolean of WebAssembly. */
type Flag = 0 | 1;

/** Where values lie, and their storage (see storage.ts). */
type Values = [address: Address, storage: number];
/** A cast on lanes of 32 bits, see cast.ts. */
type LaneCast = [cast: Address];
/** Casts on integers of 64 bits: that of a value is the one of its index modulo the period. */
type IntegerCasts = [casts: Address, period: number];

/** Where windows start: the first one's address, bytes from row to row and from column to column, how many of both. */
type Windows = [input: Address, rowBytes: number, pixelBytes: number, rows: number, columns: number];
/** The runs of values under a window: addresses of their byte offsets, how many, how long. */
type Segments = [offsets: Address, count: number, length: number];
type Weights = [weights: Address, bias: Address, outputs: number];
/** How a window slides over an image, and whether it takes averages (with factors by number of values) or maxima. */
export type Pooling = [
  height: number,
  width: number,
  channels: number,
  kernelHeight: number,
  kernelWidth: number,
  strideRows: number,
  strideColumns: number,
  top: number,
  left: number,
  rows: number,
  columns: number,
  average: Flag,
  factors: Address,
];

/** The functions of the folder `assembly`, documented there. Addresses are in bytes. */
export interface Kernels {
  readonly castRows: (
    ...parameters: [
      ...input: Values,
      inputStride: number,
      ...output: Values,
      outputStride: number,
      rows: number,
      count: number,
      ...LaneCast,
    ]
  ) => void;
  readonly castIntegers: (
    ...parameters: [...input: Values, ...output: Values, count: number, ...casts: IntegerCasts]
  ) => void;
  readonly sumPairs: (
    ...parameters: [...Windows, ...Segments, ...Weights, ...output: Values, pixelOutputs: number, ...LaneCast]
  ) => void;
  readonly sumChannels: (
    ...parameters: [...Windows, taps: Address, pairs: number, ...Weights, ...output: Values, ...LaneCast]
  ) => void;
  readonly sumIntegers: (
    ...parameters: [
      ...Windows,
      ...Segments,
      ...Weights,
      ...output: Values,
      pixelOutputs: number,
      firstOutput: number,
      ...IntegerCasts,
    ]
  ) => void;
  readonly padImage: (
    ...parameters: [
      ...input: Values,
      rows: number,
      count: number,
      target: Address,
      wide: Flag,
      targetRows: number,
      targetCount: number,
      first: number,
    ]
  ) => void;
  readonly scaleChannels: (
    ...parameters: [
      ...input: Values,
      ...output: Values,
      rows: number,
      channels: number,
      scale: Address,
      offset: Address,
      ...LaneCast,
    ]
  ) => void;
  readonly scaleChannelIntegers: (
    ...parameters: [
      ...input: Values,
      ...output: Values,
      rows: number,
      channels: number,
      scale: Address,
      offset: Address,
      ...IntegerCasts,
    ]
  ) => void;
  readonly rectify: (
    ...parameters: [
      ...input: Values,
      ...output: Values,
      count: number,
      shift: number,
      threshold: number,
      limit: number,
      ...LaneCast,
    ]
  ) => void;
  readonly rectifyIntegers: (
    ...parameters: [
      ...input: Values,
      ...output: Values,
      count: number,
      shift: number,
      threshold: bigint,
      limit: bigint,
      ...IntegerCasts,
    ]
  ) => void;
  readonly slopeIntegers: (
    ...parameters: [
      ...input: Values,
      ...output: Values,
      count: number,
      positive: Address,
      negative: Address,
      slopes: number,
      ...IntegerCasts,
    ]
  ) => void;
  readonly combineTwo: (
    ...parameters: [
      operation: number,
      ...first: Values,
      firstShift: number,
      ...second: Values,
      secondShift: number,
      ...output: Values,
      count: number,
      ...LaneCast,
    ]
  ) => void;
  readonly combineTwoIntegers: (
    ...parameters: [
      operation: number,
      ...first: Values,
      firstShift: number,
      ...second: Values,
      secondShift: number,
      ...output: Values,
      count: number,
      ...IntegerCasts,
    ]
  ) => void;
  readonly largestIndex: (
    ...parameters: [...input: Values, ...output: Values, rows: number, channels: number, ...IntegerCasts]
  ) => void;
  readonly poolWindows: (...parameters: [...input: Values, ...Pooling, ...output: Values, ...LaneCast]) => void;
  readonly poolWindowIntegers: (
    ...parameters: [...input: Values, ...Pooling, ...output: Values, ...IntegerCasts]
  ) => void;
}

/** The kernels, working on a memory. */
export function kernelsOn(memory: WasmMemory): Kernels {
  return instantiate<Kernels>(assembly, memory);
}
