import { z } from 'zod';
import { digitKinds, overflows, roundings } from '../number/type.js';
import type { JsonObject } from './graph.js';

/** The structure of the graph's JSON in format version 1; docs/graph-format.md is its specification. */
const count = z.int().min(0);
const numbers = z.array(z.int());
const spread = z.union([
  z.int(),
  z.strictObject({ axis: count, values: numbers }),
  z.strictObject({ elements: numbers }),
]);
const scalarFormat = z.strictObject({ signed: z.boolean(), wordLength: z.int(), binaryPoint: z.int() });
const tensorFormat = z.strictObject({ signed: z.boolean(), wordLength: spread, binaryPoint: spread });
const tensorType = z.strictObject({ ...tensorFormat.shape, rounding: z.enum(roundings), overflow: z.enum(overflows) });
const kHot = z.strictObject({ terms: z.int(), digits: z.enum(digitKinds) });
const constantFormat = z.strictObject({ ...tensorFormat.shape, kHot: kHot.optional() });
/** Checked further where a graph is built. */
const plainObject = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'needed: an object',
);
const names = z.array(z.string());

export const graphSchema = z.strictObject({
  name: z.string(),
  nodes: z.array(
    z.strictObject({
      name: z.string(),
      operation: z.string(),
      inputs: names,
      attributes: plainObject,
      constants: z.record(z.string(), z.string()),
      shape: numbers,
      exactType: scalarFormat,
      intermediateTypes: z.record(z.string(), scalarFormat),
      outputType: tensorType,
    }),
  ),
  outputs: names,
  tensors: z.array(z.strictObject({ name: z.string(), shape: numbers, format: constantFormat })),
  provenance: plainObject,
});
export type GraphJson = z.infer<typeof graphSchema>;
