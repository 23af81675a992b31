import { buildGraph } from '../../qfx/graph/build.js';
import type { Graph, JsonObject } from '../../qfx/graph/graph.js';
import type { tf } from '../tensorflow.js';
import { describeModel } from './model.js';
import type { ModelDescription } from './model.js';

/**
 * The graph that a model is now, with all of its channels.
 * @throws QfxError naming the layer that cannot become a node
 */
export function graphOfModel(
  model: tf.LayersModel,
  { name, provenance }: { readonly name: string; readonly provenance?: JsonObject },
): { readonly description: ModelDescription; readonly graph: Graph } {
  const description = describeModel(model);
  const { nodes, outputs, tensors } = description;
  return {
    description,
    graph: buildGraph({ name, nodes: nodes.map(({ node }) => node), outputs, tensors, provenance }),
  };
}
