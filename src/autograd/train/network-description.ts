import { z } from 'zod';
import { isFixedPoint } from '../layers/sources.js';
import type { tf } from '../tensorflow.js';

/** A network as plain JSON, layer by layer, without weights: two that are equal train alike from the same weights. */
export const networkDescriptionSchema = z.array(
  z.strictObject({
    type: z.string(),
    /** Positions of the layers that it gets its values from; -1 is the network's input, where that is no layer. */
    inputs: z.array(z.int().min(-1)),
    config: z.record(z.string(), z.unknown()),
  }),
);
export type NetworkDescription = z.output<typeof networkDescriptionSchema>;

/** Describes a model. Names of layers stay out: automatic ones count on within a process, and none changes a bit. */
export function describeNetwork(model: tf.LayersModel): NetworkDescription {
  const { layers } = model;
  const description = layers.map((layer) => ({
    type: layer.getClassName(),
    inputs: layer.inboundNodes.flatMap(({ inboundLayers }) => inboundLayers.map((source) => layers.indexOf(source))),
    config: { ...(isFixedPoint(layer) ? layer.trainedConfig : layer.getConfig()), name: undefined },
  }));
  return JSON.parse(JSON.stringify(description)) as NetworkDescription;
}

/** Where two networks differ first: which layer, what of it, and what that is in each; undefined when they are equal. */
export function networkDifference(
  then: NetworkDescription,
  now: NetworkDescription,
): { readonly where: string; readonly then: string; readonly now: string } | undefined {
  for (let position = 0; position < Math.max(then.length, now.length); position++) {
    const difference = firstDifference(then.at(position) ?? {}, now.at(position) ?? {}, []);
    if (difference === undefined) continue;
    const { path, values } = difference;
    const [old, wanted] = values.map((value) => JSON.stringify(value) ?? 'absent');
    const type = (then.at(position) ?? now.at(position))?.type;
    return { where: [`layer ${position} (${type})`, ...path].join(': '), then: old, now: wanted };
  }
  return undefined;
}

function firstDifference(
  then: unknown,
  now: unknown,
  path: readonly string[],
): { readonly path: readonly string[]; readonly values: readonly unknown[] } | undefined {
  if (!isObject(then) || !isObject(now)) {
    // A value that is absent may come back from the tensor library's JSON as null.
    return JSON.stringify(then ?? null) === JSON.stringify(now ?? null) ? undefined : { path, values: [then, now] };
  }
  for (const key of Object.keys({ ...then, ...now })) {
    const difference = firstDifference(then[key], now[key], [...path, key]);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
