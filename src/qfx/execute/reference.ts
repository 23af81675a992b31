import { graphContexts } from '../graph/context.js';
import type { Graph, GraphNode } from '../graph/graph.js';
import { hasCast } from '../graph/has-cast.js';
import { castTensor } from '../number/cast.js';
import type { IntegerTensor, RawArray } from '../number/raw-array.js';
import { findOperation } from '../operations/index.js';
import { layer } from '../operations/operation.js';
import type { NodeContext } from '../operations/operation.js';
import { arithmeticFor } from '../operations/scalars.js';
import { isInput, nameInputs, readInput } from './inputs.js';
import type { InputValues } from './inputs.js';

/** One node, ready to run: raw integers of its inputs to raw integers of its declared type. */
type ReferenceStep = (inputs: readonly RawArray[]) => RawArray;

/** The meaning of a node as its operation says it, and the cast behind it: what everything faster is compared with. */
export function prepareReferenceStep(node: GraphNode, context: NodeContext): ReferenceStep {
  const { exactType, outputType, shape } = node;
  const arithmetic = arithmeticFor(context, node);
  const evaluate = findOperation(node.operation, layer(node.name)).prepare(context, node, arithmetic);
  const casts = hasCast(node);
  return (inputs) => {
    const exact = arithmetic.toRaw(evaluate(inputs.map(arithmetic.fromRaw)), exactType);
    return casts ? castTensor(exact, exactType, outputType, shape) : exact;
  };
}

/** Runs a graph by the meaning of its operations alone: slow, and the oracle of `Network`. */
export class ReferenceNetwork {
  private readonly steps: readonly { node: GraphNode; step: ReferenceStep | undefined }[];

  constructor(readonly graph: Graph) {
    this.steps = graphContexts(graph).map(({ node, context }) => {
      return { node, step: isInput(node) ? undefined : prepareReferenceStep(node, context) };
    });
  }

  /**
   * Every node's value after its cast for one image, by name.
   * @param image see `Network.run`
   */
  run(image: InputValues | Readonly<Record<string, InputValues>>): Readonly<Record<string, IntegerTensor>> {
    const inputs = nameInputs(this.graph, image);
    const values = new Map<string, RawArray>();
    for (const { node, step } of this.steps) {
      const operands = node.inputs.map((name) => values.get(name) as RawArray);
      values.set(node.name, step ? step(operands) : readInput(node, inputs.get(node.name)));
    }
    return Object.fromEntries(
      this.steps.map(({ node: { name, shape, outputType } }) => {
        return [name, { shape, format: outputType, raw: values.get(name) as RawArray }];
      }),
    );
  }
}
