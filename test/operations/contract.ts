import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildGraph,
  findOperation,
  graphContexts,
  loadGraph,
  Network,
  overflows,
  QfxError,
  ReferenceNetwork,
  roundings,
  saveGraph,
} from '../../src/qfx/index.js';
import { rawRange, smallestFormat } from '../../src/qfx/index.js';
import type {
  Graph,
  GraphNode,
  GraphSpecification,
  IntegerTensor,
  JsonObject,
  RawArray,
  TensorFormat,
  TensorType,
} from '../../src/qfx/index.js';
import { takeIndices } from '../../src/qfx/number/take.js';
import { indicesTo } from '../../src/qfx/operations/channels.js';
import type { ChannelFlow, KeptChannels, SummedChannels } from '../../src/qfx/operations/channels.js';
import type { Path } from '../../src/qfx/execute/fast/lowering.js';
import { prepareNetwork } from '../../src/qfx/execute/fast/prepare.js';
import { arithmeticFor, bigIntArithmetic, numberArithmetic } from '../../src/qfx/operations/scalars.js';
import { drawFrom, extremeRaw, inputType } from './draw.js';
import type { Draw } from './draw.js';
import { dyadicsOf, rawAt } from './dyadic.js';
import type { Dyadic } from './dyadic.js';

/** One use of an operation: everything but the values of its inputs. */
export interface OperationCase {
  readonly attributes: JsonObject;
  readonly inputs: readonly { readonly shape: readonly number[]; readonly format: TensorFormat }[];
  readonly constants: Readonly<Record<string, IntegerTensor>>;
}

/** Receives every exact value that the operation comes across: of its result (no name), or of an intermediate by name. */
export type Trace = (value: Dyadic, intermediate?: string) => void;

/** Every input element at one end of its format. */
export interface Extreme {
  /** Whether an element of an input is at the largest value; else it is at the smallest. */
  isHigh(input: number, index: number): boolean;
  /** The element of the result that is driven to an end. Default: all. */
  readonly only?: number;
}

export const allHigh: Extreme = { isHigh: () => true };
export const allLow: Extreme = { isHigh: () => false };

/** What an operation shows in its test, in order to inherit the whole suite. */
export interface OperationContract {
  readonly operation: string;
  /** Random uses: shapes, types, attributes, constants. */
  draw(draw: Draw): OperationCase;
  /** The output shape, by the definition. */
  shape(use: OperationCase): readonly number[];
  /**
   * The definition, written once more, slowly and without a look at the other one.
   * @param only compute at least this element of the result; the others may be left out
   */
  evaluate(use: OperationCase, inputs: readonly (readonly Dyadic[])[], trace: Trace, only?: number): Dyadic[];
  /**
   * Inputs that together reach both ends of the exact type. Undefined where the rule is known to be wider than what is
   * reachable.
   */
  extremes(use: OperationCase): Iterable<Extreme> | undefined;
  /** How the executor computes it, over all types that are drawn. Default: by the reference. */
  readonly paths?: readonly Path[];
  /** Changes that have to be refused. */
  readonly refusals: readonly {
    readonly what: string;
    change(use: OperationCase): OperationCase;
    readonly message: RegExp;
  }[];
}

const nodeName = 'the node';

/** The suite that every operation inherits. */
export function describeOperation(contract: OperationContract, { runs = 150 } = {}): void {
  const property = (test: (use: OperationCase, graph: Graph, draw: Draw) => void, numRuns = runs) => {
    let built = 0;
    fc.assert(
      fc.property(fc.gen(), (generate) => {
        const draw = drawFrom(generate);
        const use = contract.draw(draw);
        const graph = buildOrRefuse(contract, use);
        if (graph === undefined) return;
        built++;
        test(use, graph, draw);
      }),
      { seed: 20260, numRuns },
    );
    expect(built, 'uses that were not refused for their width').toBeGreaterThan(numRuns / 4);
  };

  describe(`contract of ${contract.operation}`, () => {
    it('computes what the definition says, and every value and partial sum is within the exact type', () => {
      const kinds = new Set<string>();
      property((use, graph, draw) => {
        const raws = use.inputs.map(({ shape, format }) => draw.raw(shape, format));
        const node = nodeOf(graph);
        expect(node.shape).toEqual(contract.shape(use));
        const bounds = boundsOf(graph);
        const expected = contract.evaluate(use, valuesOf(use, raws), (value, intermediate) =>
          bounds.check(value, intermediate),
        );
        bounds.finish();
        const { raw } = new Network(graph).run(named(raws)).layers[nodeName];
        expect(bigInts(raw)).toEqual(expected.map((value) => rawAt(value, node.exactType.binaryPoint)));
        kinds.add(arithmeticFor(contextOf(graph), node).kind);
      });
      expect([...kinds].sort()).toEqual(['bigint', 'number']);
    });

    it('computes the same on numbers and on BigInt', () => {
      property((use, graph, draw) => {
        const node = nodeOf(graph);
        const context = contextOf(graph);
        if (arithmeticFor(context, node) !== numberArithmetic) return;
        const raws = use.inputs.map(({ shape, format }) => draw.raw(shape, format));
        const [onNumbers, onBigInts] = [numberArithmetic, bigIntArithmetic].map((arithmetic) => {
          const evaluate = findOperation(contract.operation).prepare(context, node, arithmetic);
          return arithmetic.toRaw(evaluate(raws.map(arithmetic.fromRaw)), node.exactType);
        });
        expect(onNumbers).toEqual(onBigInts);
        expect(onNumbers.some((value) => Object.is(value, -0))).toBe(false);
      });
    });

    it('has the smallest exact type that holds what the extremes reach', () => {
      let reached = 0;
      property((use, graph) => {
        const extremes = contract.extremes(use);
        if (extremes === undefined) return;
        reached++;
        const node = nodeOf(graph);
        let [minimum, maximum] = [0n, 0n];
        for (const { isHigh, only } of extremes) {
          const raws = use.inputs.map(({ shape, format }, input) =>
            extremeRaw(shape, format, (index) => isHigh(input, index)),
          );
          const widen: Trace = (value, intermediate) => {
            if (intermediate !== undefined) return;
            const raw = rawAt(value, node.exactType.binaryPoint);
            if (raw < minimum) minimum = raw;
            if (raw > maximum) maximum = raw;
          };
          contract.evaluate(use, valuesOf(use, raws), widen, only);
        }
        expect(smallestFormat(minimum, maximum, node.exactType.binaryPoint)).toEqual(node.exactType);
      });
      expect(reached).toBeGreaterThan(runs / 10);
    });

    it('computes the same on every path as the reference, with any cast, for one image and for many', () => {
      const paths = new Set<Path | undefined>();
      property((use, graph, draw) => {
        const cast = castOutput(contract, use, nodeOf(graph), draw);
        for (const own of cast ? [graph, cast] : [graph]) {
          expectPathsToAgree(own, use, draw);
          paths.add(prepareNetwork(own).nodes.at(-1)?.path);
        }
      }, 2 * runs);
      expect([...paths].sort()).toEqual([...(contract.paths ?? ['reference'])].sort());
    });

    it('is saved and loaded without a difference', () => {
      property((use, graph, draw) => {
        const bytes = saveGraph(graph);
        const loaded = loadGraph(bytes);
        expect(loaded.graph).toEqual(graph);
        expect(saveGraph(loaded.graph)).toEqual(bytes);
        const inputs = named(use.inputs.map(({ shape, format }) => draw.raw(shape, format)));
        expect(loaded.run(inputs)).toEqual(new Network(graph).run(inputs));
      }, 40);
    });

    it('changes nothing that it is given', () => {
      property((use, graph, draw) => {
        const raws = use.inputs.map(({ shape, format }) => draw.raw(shape, format));
        const copies = raws.map((raw) => raw.slice());
        const network = new Network(graph);
        const first = network.run(named(raws));
        expect(network.run(named(raws))).toEqual(first);
        expect(raws).toEqual(copies);
      }, 40);
    });

    it('gives the same for the channels that it is left with, and what it calls constant is', () => {
      property((use, graph, draw) => {
        const flow = findOperation(contract.operation).channels?.(contextOf(graph));
        if (flow === undefined) return;
        const raws = use.inputs.map(({ shape, format }) => draw.raw(shape, format));
        const kept = drawKept(flow, channelsOf(use.inputs[0].shape), channelsOf(nodeOf(graph).shape), draw);
        if (flow.kind === 'summed') clearGone(raws[0], channelsOf(use.inputs[0].shape), flow, kept);
        const { attributes = use.attributes, constants } = flow.keep(kept) as Partial<OperationCase>;
        const inputs = use.inputs.map((input, index) =>
          takeIndices({ ...input, raw: raws[index] }, input.shape.length - 1, kept.inputs[index]),
        );
        const [before, after] = [
          graph,
          buildGraph(specify(contract, { attributes, inputs, constants: { ...use.constants, ...constants } })),
        ];
        const expected = resultOf(before, raws);
        const remaining = takeIndices(expected, expected.shape.length - 1, kept.output);
        const found = resultOf(
          after,
          inputs.map(({ raw }) => raw),
        );
        expect(found.shape).toEqual(remaining.shape);
        const { binaryPoint } = nodeOf(before).exactType;
        expect(dyadicsOf(found).map((value) => rawAt(value, binaryPoint))).toEqual(bigInts(remaining.raw));
        if (flow.kind === 'summed') return;
        const other = resultOf(
          before,
          use.inputs.map(({ shape, format }) => draw.raw(shape, format)),
        );
        other.raw.forEach((raw, index) => {
          if (flow.isConstant?.(index % channelsOf(other.shape)) === true) expect(raw).toBe(expected.raw[index]);
        });
      }, 60);
    });

    const refused = (change: (use: OperationCase) => GraphSpecification, message: RegExp) => {
      property((use) => {
        let error: unknown;
        try {
          buildGraph(change(use));
        } catch (caught) {
          error = caught;
        }
        expect(error).toBeInstanceOf(QfxError);
        expect((error as QfxError).where).toContain(`layer "${nodeName}"`);
        expect((error as QfxError).message).toMatch(message);
      }, 20);
    };

    it('refuses an unknown attribute, by name', () => {
      refused((use) => specify(contract, { ...use, attributes: { ...use.attributes, colour: 'blue' } }), /"colour"/);
    });

    it('refuses an unknown constant, by name', () => {
      const extra: IntegerTensor = {
        shape: [1],
        format: { signed: false, wordLength: 1, binaryPoint: 0 },
        raw: new Float64Array(1),
      };
      refused(
        (use) => specify(contract, { ...use, constants: { ...use.constants, colour: extra } }),
        /unknown constant "colour"/,
      );
    });

    it('refuses to do without a required constant', () => {
      for (const [role, need] of Object.entries(findOperation(contract.operation).constants)) {
        if (need === 'optional') continue;
        refused(
          (use) => {
            const others = Object.entries(use.constants).filter(([name]) => name !== role);
            return specify(contract, { ...use, constants: Object.fromEntries(others) });
          },
          new RegExp(`${role} missing`),
        );
      }
    });

    it('refuses too few inputs', () => {
      refused((use) => specify(contract, { ...use, inputs: use.inputs.slice(0, -use.inputs.length) }), /0 inputs/);
    });

    for (const { what, change, message } of contract.refusals) {
      it(`refuses ${what}`, () => refused((use) => specify(contract, change(use)), message));
    }
  });
}

/** Some of the channels, in any way that the flow allows, at least one on each side. */
function drawKept(flow: ChannelFlow, inputs: number, outputs: number, draw: Draw): KeptChannels {
  const some = (from: readonly number[]) => {
    const chosen = from.filter(() => draw.pick([true, true, false]));
    return chosen.length > 0 ? chosen : [draw.pick(from)];
  };
  if (flow.kind === 'summed') return { inputs: [some(indicesTo(inputs))], output: some(indicesTo(outputs)) };
  const { ties } = flow;
  const groups = new Set(some([...new Set(ties.output)]));
  // Each input keeps one, too.
  for (const own of ties.inputs) if (!own.some((tie) => groups.has(tie))) groups.add(draw.pick(own));
  const keptOf = (own: readonly number[]) => indicesTo(own.length).filter((channel) => groups.has(own[channel]));
  return { inputs: ties.inputs.map(keptOf), output: keptOf(ties.output) };
}

/** Makes 0 of the channels of an input that go and have a weight somewhere. */
function clearGone(raw: RawArray, channels: number, { reads }: SummedChannels, { inputs, output }: KeptChannels): void {
  for (let index = 0; index < raw.length; index++) {
    const channel = index % channels;
    if (inputs[0].includes(channel) || !output.some((one) => reads(channel, one))) continue;
    if (raw instanceof Float64Array) raw[index] = 0;
    else raw[index] = 0n;
  }
}

/** The same node with a cast to a drawn type; undefined where that type is no legal one. */
function castOutput(contract: OperationContract, use: OperationCase, node: GraphNode, draw: Draw): Graph | undefined {
  const near = (value: number, reach: number) => value + draw.integer(-reach, reach);
  const narrow = (): Omit<TensorType, 'rounding' | 'overflow'> => ({
    signed: draw.pick([true, false]),
    wordLength: draw.integer(2, 17),
    binaryPoint: near(node.exactType.binaryPoint, 12),
  });
  const format = draw.pick([true, true, false]) ? narrow() : draw.format(node.shape);
  const outputType = { ...format, rounding: draw.pick(roundings), overflow: draw.pick(overflows) };
  const specification = specify(contract, use);
  try {
    const nodes = specification.nodes.map((other) => (other.name === nodeName ? { ...other, outputType } : other));
    return buildGraph({ ...specification, nodes });
  } catch (error) {
    if (error instanceof QfxError && /AP_SAT_SYM/.test(error.message)) return undefined;
    throw error;
  }
}

/** Compares every layer with the reference's, on the smallest, the largest and drawn values. */
function expectPathsToAgree(graph: Graph, use: OperationCase, draw: Draw): void {
  const network = new Network(graph);
  const reference = new ReferenceNetwork(graph);
  const images = [
    use.inputs.map(({ shape, format }) => extremeRaw(shape, format, () => false)),
    use.inputs.map(({ shape, format }) => extremeRaw(shape, format, () => true)),
    use.inputs.map(({ shape, format }) => draw.raw(shape, format)),
  ];
  const expected = images.map((image) => reference.run(named(image)));
  images.forEach((image, index) => expect(network.run(named(image)).layers).toEqual(expected[index]));
  const batch = network.runBatch(
    named(use.inputs.map((_, input) => images.flatMap((image) => [...image[input]]) as unknown as RawArray)),
  );
  const raws = expected.flatMap((layers) => bigInts(layers[nodeName].raw));
  expect(bigInts(batch.layers[nodeName].raw)).toEqual(raws);
}

/** The graph of one use; undefined where its exact result rightly needs more than 64 bits. */
function buildOrRefuse(contract: OperationContract, use: OperationCase): Graph | undefined {
  try {
    return buildGraph(specify(contract, use));
  } catch (error) {
    if (error instanceof QfxError && /needs \d+ bits/.test(error.message)) return undefined;
    throw error;
  }
}

function specify(contract: OperationContract, use: OperationCase): GraphSpecification {
  const roles = Object.keys(use.constants);
  return {
    name: 'contract',
    nodes: [
      ...use.inputs.map(({ shape, format }, index) => ({
        name: inputName(index),
        operation: 'input',
        inputs: [],
        attributes: { shape },
        outputType: inputType(format),
      })),
      {
        name: nodeName,
        operation: contract.operation,
        inputs: use.inputs.map((_, index) => inputName(index)),
        attributes: use.attributes,
        constants: Object.fromEntries(roles.map((role) => [role, `the ${role}`])),
        outputType: 'exact' as const,
      },
    ],
    outputs: [nodeName],
    tensors: Object.fromEntries(roles.map((role) => [`the ${role}`, use.constants[role]])),
  };
}

const inputName = (index: number) => `input ${index}`;
const named = (raws: readonly RawArray[]) => Object.fromEntries(raws.map((raw, index) => [inputName(index), raw]));
const nodeOf = (graph: Graph) => graph.nodes[graph.nodes.length - 1];
const contextOf = (graph: Graph) => graphContexts(graph)[graph.nodes.length - 1].context;
const channelsOf = (shape: readonly number[]) => shape[shape.length - 1];
const resultOf = (graph: Graph, raws: readonly RawArray[]) => new Network(graph).run(named(raws)).layers[nodeName];
const bigInts = (raw: RawArray) => Array.from(raw as ArrayLike<number | bigint>, BigInt);

function valuesOf(use: OperationCase, raws: readonly RawArray[]): Dyadic[][] {
  return use.inputs.map(({ shape, format }, index) => dyadicsOf({ shape, format, raw: raws[index] }));
}

/** Checks that what is traced is within the node's types, and stands at their binary points by the formats' rule. */
function boundsOf(graph: Graph): { check: Trace; finish: () => void } {
  const { exactType, intermediateTypes } = nodeOf(graph);
  const binaryPoints = new Map<string | undefined, number>();
  const formatOf = (intermediate?: string) =>
    intermediate === undefined ? exactType : intermediateTypes[intermediate];
  return {
    check(value, intermediate) {
      const format = formatOf(intermediate);
      const { minimum, maximum } = rawRange(format);
      const raw = rawAt(value, format.binaryPoint);
      if (raw < minimum || raw > maximum) {
        throw new Error(`${intermediate ?? 'exact value'} ${raw} is outside of ${minimum} to ${maximum}`);
      }
      binaryPoints.set(intermediate, Math.max(binaryPoints.get(intermediate) ?? -Infinity, value.binaryPoint));
    },
    finish() {
      for (const [intermediate, binaryPoint] of binaryPoints) {
        expect(formatOf(intermediate).binaryPoint).toBe(binaryPoint === -Infinity ? 0 : binaryPoint);
      }
    },
  };
}
