import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import type { Graph, GraphNode, JsonObject } from '../../qfx/graph/graph.js';
import { pruneChannels } from '../../qfx/graph/prune-channels.js';
import { isInRange } from '../../qfx/number/cast.js';
import { describeFormat, describeType, rawRange } from '../../qfx/number/type.js';
import type { FixedPointType } from '../../qfx/number/type.js';
import { parseConfiguration } from '../configuration.js';
import { tf } from '../tensorflow.js';
import { requireSeeds } from '../layers/sources.js';
import { freezeBinaryPoints } from './fixing.js';
import { graphOfModel } from './graph-of-model.js';
import { quantizersOf } from './model.js';
import { replay } from './replay.js';

/** Real samples that a graph has to be proved on. */
const minimumReplay = 64;
/** Samples that binary points are measured on; more would not fit at once. */
const maximumMeasured = 512;

export interface FreezeOptions {
  /** Real inputs, [samples, ...shape]; one tensor an input of the model. At least `replay` of them. */
  readonly samples: tf.Tensor | readonly tf.Tensor[];
  /** The graph's name; default: the model's. */
  readonly name?: string;
  /** Where the graph comes from: whatever JSON can carry. */
  readonly provenance?: JsonObject;
  /** How many samples are compared, value by value; at least 64. */
  readonly replay?: number;
}

const optionsSchema = z.strictObject({
  samples: z.unknown(),
  name: z.string().min(1).optional(),
  provenance: z.record(z.string(), z.unknown()).optional(),
  replay: z.int().min(minimumReplay).default(minimumReplay),
});

/**
 * Turns a trained model into a graph of integers: the only door from training to hardware. Binary points that still learn
 * are frozen first, at the better of their two neighbours on the samples. Channels that nothing depends on are left out, see
 * `pruneChannels`. The graph is handed over only if every value of every layer is the same in the model and in the graph's
 * executor, with and without those channels, on the samples and on the extremes of the input types.
 * @throws QfxError naming layer, index and both raw integers of the first difference; for layers without a node, a dropout
 * without a seed, weights that are no numbers, samples that the input's type does not have
 */
export function freeze(model: tf.LayersModel, options: FreezeOptions): Graph {
  const { replay: count, name = model.name } = parseConfiguration(optionsSchema, options, 'freeze');
  requireSeeds(model);
  const samples = listSamples(model, options.samples);
  if (quantizersOf(model).some(({ quantizer }) => !quantizer.isFrozen)) {
    tf.tidy(() =>
      freezeBinaryPoints(
        model,
        samples.map((sample) => firstOf(sample, maximumMeasured)),
      ),
    );
  }
  const { description, graph } = graphOfModel(model, { name, provenance: options.provenance });
  for (const node of graph.nodes) requireNoWrapping(node);
  const pruned = pruneChannels(graph);
  replay(model, description, [{ graph, kept: new Map() }, ...(pruned.kept.size > 0 ? [pruned] : [])], samples, count);
  return pruned.graph;
}

function firstOf(samples: tf.Tensor, count: number): tf.Tensor {
  const [available, ...shape] = samples.shape;
  return samples.slice([0], [Math.min(count, available)]).reshape([Math.min(count, available), ...shape]);
}

function listSamples(model: tf.LayersModel, samples: tf.Tensor | readonly tf.Tensor[]): readonly tf.Tensor[] {
  const list = samples instanceof tf.Tensor ? [samples] : samples;
  const isList = Array.isArray(list) && list.every((sample) => sample instanceof tf.Tensor);
  if (isList && list.length === model.inputs.length) return list;
  const found = isList ? `${list.length} tensors` : 'something else';
  throw new QfxError(
    'freeze: samples',
    `found ${found}, needed: one tensor for each of the model's ${model.inputs.length} inputs`,
  );
}

/** Training saturates where a type wraps, so a node may only wrap where its intervals prove that nothing overflows. */
function requireNoWrapping({ name, operation, exactType, outputType }: GraphNode): void {
  if (outputType.overflow !== 'AP_WRAP' || operation === 'input') return;
  const type = outputType as FixedPointType;
  const { minimum, maximum } = rawRange(exactType);
  const fits = [minimum, maximum].every((raw) => isInRange(raw, exactType.binaryPoint, type));
  if (fits) return;
  throw new QfxError(
    `layer "${name}"`,
    `its output ${describeType(type)} may wrap: the exact result is ${describeFormat(exactType)}. Use AP_SAT or a wider type`,
  );
}
