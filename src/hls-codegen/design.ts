import { QfxError } from '../qfx/errors.js';
import type { Graph, GraphNode } from '../qfx/graph/graph.js';
import { factorSet } from '../qfx/graph/products.js';
import { binaryNodes } from '../qfx/hardware/binary-values.js';
import type { HardwarePlan } from '../qfx/hardware/plan.js';
import { weightFormsOf } from '../qfx/hardware/weight-form.js';
import type { WeightForm } from '../qfx/hardware/weight-form.js';
import type { IntegerTensor } from '../qfx/number/raw-array.js';
import { spreadValues } from '../qfx/number/type.js';
import type { FixedPointType, Spread } from '../qfx/number/type.js';
import { elementCount } from '../qfx/number/shape.js';
import { layer as describeLayer } from '../qfx/operations/operation.js';
import { isConstantZero } from './cpp-text.js';
import { layerIdentifier } from './identifiers.js';
import { findEmitter } from './operations/index.js';
import type { Emission } from './operations/emitter.js';

/** A node of the graph, decided for hardware. */
export interface DesignLayer {
  /** Position in the graph. */
  readonly index: number;
  readonly node: GraphNode;
  readonly identifier: string;
  /** The layers that it reads, in order. */
  readonly operands: readonly DesignLayer[];
  /** The one type of its values. */
  readonly type: FixedPointType;
  readonly valuesPerImage: number;
  readonly inputLanes: number;
  readonly outputLanes: number;
  /** How products with its constants are made, where it has any. */
  readonly weightForm: WeightForm | undefined;
  /** How it is built; null for the input. */
  readonly emission: Emission | null;
}

/** One stream of values from a layer to where it is read. */
export interface Connection {
  readonly from: DesignLayer;
  /** The reading layer, or null for an output of the network. */
  readonly to: DesignLayer | null;
  /** Which of the reader's operands it is. */
  readonly operand: number;
}

/** The layers of a graph in its order, with everything that the C++ needs. Refuses by name what does not stream. */
export function designLayers(graph: Graph, plan: HardwarePlan): DesignLayer[] {
  requireOneInput(graph);
  const forms = weightFormsOf(graph, plan.layers);
  const binary = binaryNodes(graph);
  const designed = new Map<string, DesignLayer>();
  for (const [index, node] of graph.nodes.entries()) {
    const where = describeLayer(node.name);
    const operands = node.inputs.map((name) => designed.get(name)!);
    const { inputLanes, outputLanes } = plan.layers[node.name];
    const type = streamedType(node);
    const weightForm = forms.get(node.name);
    const emission =
      node.operation === 'input'
        ? null
        : findEmitter(node.operation, where).emit({
            where,
            inputs: operands.map(({ node: { name, shape }, type }) => ({ shape, type, isBinary: binary.has(name) })),
            attributes: node.attributes,
            constants: nodeConstants(graph, node),
            kHot: weightForm === 'shifters' ? factorSet(node, graph.tensors) : undefined,
            isAdderGraph: weightForm === 'adder-graph',
            shape: node.shape,
            exactType: node.exactType,
            intermediateTypes: node.intermediateTypes,
            outputType: type,
            inputLanes,
            outputLanes,
          });
    designed.set(node.name, {
      index,
      node,
      identifier: layerIdentifier(index, node.name, node.operation),
      operands,
      type,
      valuesPerImage: elementCount(node.shape),
      inputLanes,
      outputLanes,
      weightForm,
      emission,
    });
  }
  return [...designed.values()];
}

/** Where a layer's values go: every operand of every layer that reads it, then the network's outputs. */
export function connectionsFrom(
  layer: DesignLayer,
  layers: readonly DesignLayer[],
  outputs: readonly string[],
): Connection[] {
  const readers = layers.flatMap((to) =>
    to.operands.flatMap((from, operand) => (from === layer ? [{ from, to, operand }] : [])),
  );
  return outputs.includes(layer.node.name) ? [...readers, { from: layer, to: null, operand: 0 }] : readers;
}

function nodeConstants(graph: Graph, node: GraphNode): Record<string, IntegerTensor> {
  return Object.fromEntries(Object.entries(node.constants).map(([role, name]) => [role, graph.tensors[name]]));
}

function requireOneInput(graph: Graph): void {
  const inputs = graph.nodes.filter(({ operation }) => operation === 'input').map(({ name }) => `"${name}"`);
  if (inputs.length === 1) return;
  const found = inputs.length === 0 ? 'no input' : `${inputs.length} inputs (${inputs.join(', ')})`;
  throw new QfxError(`graph "${graph.name}"`, `has ${found}; HLS export builds networks with one`);
}

/** The one type of a layer's values. */
function streamedType({ name, operation, outputType, exactType }: GraphNode): FixedPointType {
  const where = describeLayer(name);
  const wordLength = single(outputType.wordLength, where, 'word length');
  const binaryPoint = single(outputType.binaryPoint, where, 'binary point');
  // An input's values come in its type: there is no cast, so they must not meet its modes (AP_SAT_SYM would change one).
  const modes = operation === 'input' ? ({ rounding: 'AP_TRN', overflow: 'AP_WRAP' } as const) : {};
  const type = { ...outputType, ...modes, wordLength, binaryPoint };
  if (isConstantZero(type) && !isConstantZero(exactType)) {
    throw new QfxError(
      where,
      'its values have word length 0 (all become 0); HLS export streams values of at least 1 bit',
    );
  }
  return type;
}

function single(spread: Spread, where: string, what: string): number {
  const values = spreadValues(spread);
  if (values.every((value) => value === values[0])) return values[0];
  const found = typeof spread === 'object' && 'axis' in spread ? `along axis ${spread.axis}` : 'from value to value';
  throw new QfxError(where, `the ${what} of its values differs ${found}; HLS export streams values of one type`);
}
