import { runImages } from '../parallel/index.js';
import {
  CastStatistics,
  exposeExactValues,
  graphContexts,
  hasCast,
  Network,
  reportConstant,
  withoutCast,
} from '../qfx/index.js';
import type { CastReport, ConstantReport, Graph } from '../qfx/index.js';
import { unlessRefused } from '../qfx/errors.js';
import { classify } from './classify.js';
import type { CommandContext } from './command.js';
import type { TestImages } from './test-images.js';

/** What is known of one node. */
export interface DiagnosedLayer extends CastReport {
  readonly layer: string;
  readonly operation: string;
  /** False: the declared type is the exact one, nothing can be lost. */
  readonly hasCast: boolean;
  /** Accuracy of the network without this one cast, a fraction 0..1; null where that needs types wider than 64 bits. */
  readonly accuracyWithoutCast: number | null;
  /** What this cast costs: accuracy without it, minus the accuracy; negative where the network is better with it. */
  readonly accuracyLost: number | null;
  /** By role. */
  readonly constants: Readonly<Record<string, ConstantReport>>;
}

export interface GraphDiagnosis {
  readonly images: number;
  /** Of the graph as it is, a fraction 0..1. */
  readonly accuracy: number;
  /** All nodes, in the graph's order. */
  readonly layers: readonly DiagnosedLayer[];
}

/**
 * Watches all casts of a graph on some images, and leaves each of those that change a value out once.
 * @throws QfxError for a graph without one output that tells a class
 */
export async function diagnoseGraph(
  { graph }: Network,
  images: TestImages,
  context: CommandContext,
): Promise<GraphDiagnosis> {
  const statistics = await watchCasts(graph, images, context);
  const lossy = [...statistics].filter(([, { signalToNoise }]) => signalToNoise !== null).map(([name]) => name);
  const progress = context.progress('accuracy without a cast', (lossy.length + 1) * images.count);
  const measure = async (changed: Graph, before: number) => {
    const onProgress = (done: number) => progress.update(before * images.count + done);
    return (await classify(new Network(changed), images, { signal: context.signal, onProgress })).accuracy;
  };
  const accuracy = await measure(graph, 0);
  const without = new Map<string, number | null>();
  for (const [index, name] of lossy.entries()) {
    const changed = tryWithoutCast(graph, name);
    without.set(name, changed === undefined ? null : await measure(changed, index + 1));
  }
  progress.stop();
  const layers = graphContexts(graph).map(({ node, context: { constants } }): DiagnosedLayer => {
    const { name, operation } = node;
    const found = without.get(name);
    // A cast that changes no value changes no class.
    const accuracyWithoutCast = found === undefined ? accuracy : found;
    return {
      layer: name,
      operation,
      hasCast: hasCast(node),
      ...statistics.get(name)!,
      accuracyWithoutCast,
      accuracyLost: accuracyWithoutCast === null ? null : accuracyWithoutCast - accuracy,
      constants: Object.fromEntries(Object.entries(constants).map(([role, tensor]) => [role, reportConstant(tensor)])),
    };
  });
  return { images: images.count, accuracy, layers };
}

/** The report of each node, by name. */
async function watchCasts(
  graph: Graph,
  images: TestImages,
  { progress: start, signal }: CommandContext,
): Promise<Map<string, CastReport>> {
  const { graph: exposed, exactNames } = exposeExactValues(graph);
  const watched = graph.nodes.map((node) => ({ name: node.name, statistics: new CastStatistics(node) }));
  const progress = start('values of all layers', images.count);
  for await (const { layers, first, images: done } of runImages(new Network(exposed), images, {
    layersFor: images.count,
    signal,
  })) {
    for (const { name, statistics } of watched) {
      statistics.add(layers[exactNames.get(name) ?? name].raw, layers[name].raw);
    }
    progress.update(first + done);
  }
  progress.stop();
  return new Map(watched.map(({ name, statistics }) => [name, statistics.report()]));
}

/** Undefined where exact types would grow beyond what QFX carries. */
function tryWithoutCast(graph: Graph, name: string): Graph | undefined {
  return unlessRefused<Graph | undefined>(() => withoutCast(graph, name), undefined);
}
