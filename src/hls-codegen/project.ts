import type { Graph } from '../qfx/graph/graph.js';
import { plainDepth } from '../qfx/hardware/dataflow.js';
import { streamKey } from '../qfx/hardware/connections.js';
import type { HardwarePlan } from '../qfx/hardware/plan.js';
import { describeFormat } from '../qfx/number/type.js';
import { describeShape } from '../qfx/operations/operation.js';
import { adderModule } from './adder-verilog.js';
import { cppFormat } from './cpp-text.js';
import { designLayers } from './design.js';
import { topIdentifier } from './identifiers.js';
import { addersIdentifier, layerSource } from './layer-source.js';
import { findEmitter } from './operations/index.js';
import { packageVersion } from '../package-root.js';
import { plainText } from './plain-text.js';
import { describePort, inputPortName, makePort, outputPortName } from './ports.js';
import type { Port } from './ports.js';
import type { ProjectDescription } from './project-description.js';
import { projectFileName } from './project-description.js';
import { testbenchSource } from './simulate/testbench-source.js';
import { renderTemplate } from './template.js';
import { layersHeader, topHeader, topSource } from './top-source.js';
import type { Network } from './top-source.js';

const testbenchPath = 'testbench/testbench.cpp';
const vectorsFolder = 'testbench/vectors';
export const graphFileName = 'graph.safetensors';
export const planFileName = 'hardware.json';

/** A project without its library, graph, plan and vectors: the files that are written from templates. */
export interface EmittedProject {
  readonly description: ProjectDescription;
  /** Path to text. */
  readonly files: ReadonlyMap<string, string>;
}

export interface ProjectSettings {
  readonly plan: HardwarePlan;
  /** Stored test vectors, and the seed that they come from. */
  readonly vectors: { readonly count: number; readonly seed: number };
}

/**
 * The sources, scripts and description of a graph's project. Depends on the graph, the settings and QFX's version only.
 * @throws QfxError naming the layer that can't be built as a stream
 */
export function emitProject(graph: Graph, settings: ProjectSettings): EmittedProject {
  const network = designNetwork(graph, settings.plan);
  const description = describeProject(network, settings);
  const files = new Map<string, string>();
  files.set(`src/layers.h`, layersHeader(network));
  files.set(description.files.topHeader, topHeader(network));
  files.set(`src/${network.top}.cpp`, topSource(network));
  for (const layer of network.layers) {
    if (layer.emission) files.set(layerPath(layer.identifier), layerSource(layer, layer.emission, network.qfx));
  }
  for (const { identifier, emission } of network.layers) {
    if (!emission?.adders) continue;
    files.set('rtl/qfx_adder.v', adderModule);
    const name = addersIdentifier({ identifier });
    files.set(`rtl/${name}.v`, emission.adders.verilog(name));
  }
  for (const operation of new Set(
    network.layers.filter(({ emission }) => emission).map(({ node }) => node.operation),
  )) {
    for (const [path, text] of Object.entries(findEmitter(operation, graph.name).headers ?? {}))
      files.set(`include/${path}`, text);
  }
  files.set(testbenchPath, testbenchSource(description));
  for (const [path, template] of Object.entries(scripts)) {
    files.set(path, renderTemplate(template, scriptData(network, description, settings.plan)));
  }
  files.set(projectFileName, `${JSON.stringify(description, null, 2)}\n`);
  return { description, files };
}

/** Files around the sources, each with its template. */
const scripts = {
  Makefile: 'Makefile',
  'run_hls.tcl': 'run_hls.tcl',
  'hls_options.tcl': 'hls_options.tcl',
  'hls_config.cfg': 'hls_config.cfg',
  'README.md': 'README.md',
};

function layerPath(identifier: string): string {
  return `src/layers/${identifier}.cpp`;
}

function designNetwork(graph: Graph, plan: HardwarePlan): Network {
  const layers = designLayers(graph, plan);
  const input = layers.find(({ node }) => node.operation === 'input')!;
  const outputs = layers.filter(({ node }) => graph.outputs.includes(node.name));
  return {
    qfx: packageVersion(),
    name: graph.name,
    top: topIdentifier(graph.name),
    layers,
    outputs: graph.outputs,
    input: makePort(inputPortName, input, plan.interface.inputWordBits),
    outputPorts: outputs.map((layer) =>
      makePort(outputPortName(layer, outputs.length), layer, plan.interface.outputWordBits),
    ),
    depth: ({ from, to }) =>
      to ? plan.streams[streamKey({ from: from.node.name, to: to.node.name })].depth : plainDepth,
  };
}

function describeProject(
  { qfx, name, top, layers, input, outputPorts }: Network,
  settings: ProjectSettings,
): ProjectDescription {
  const { plan, vectors } = settings;
  return {
    formatVersion: 1,
    qfx,
    name,
    top,
    part: plan.part,
    clockPeriodNs: plan.clockPeriodNs,
    layers: layers.map(({ index, node, identifier, operands, valuesPerImage, outputLanes, type }) => ({
      index,
      name: node.name,
      identifier,
      operation: node.operation,
      inputs: operands.map((operand) => operand.index),
      shape: [...node.shape],
      valuesPerImage,
      lanes: outputLanes,
      format: { signed: type.signed, wordLength: type.wordLength, binaryPoint: type.binaryPoint },
    })),
    input: describePort(input),
    outputs: outputPorts.map(describePort),
    vectors: { ...vectors, folder: vectorsFolder },
    files: {
      graph: graphFileName,
      hardware: planFileName,
      topHeader: `src/${top}.h`,
      sources: [
        `src/${top}.cpp`,
        ...layers.filter(({ emission }) => emission).map(({ identifier }) => layerPath(identifier)),
      ],
      testbench: testbenchPath,
      includeFolders: ['include', 'src'],
      simulationFolder: 'simulation',
    },
  };
}

/** What the scripts and the README are written from. */
function scriptData(
  network: Network,
  { top, part, clockPeriodNs, files, vectors }: ProjectDescription,
  { resources }: HardwarePlan,
): object {
  const port = (direction: string, note: string) => (each: Port) => ({
    ...each,
    direction,
    words: `${each.wordsPerImage} ${each.wordsPerImage === 1 ? 'word' : 'words'}`,
    note,
    values: each.layer.valuesPerImage,
    type: `\`${cppFormat(each.layer.type)}\``,
    layer: plainText(each.layer.node.name),
  });
  return {
    qfx: network.qfx,
    title: plainText(network.name),
    top,
    part,
    clockPeriodNs,
    resources,
    sources: files.sources,
    testbench: files.testbench,
    vectors: vectors.folder,
    vectorCount: vectors.count,
    ports: [
      port('in', '; TLAST is ignored')(network.input),
      ...network.outputPorts.map(port('out', ', TLAST on the last one')),
    ],
    layers: network.layers.map(({ identifier, node, type, outputLanes, weightForm, emission }) => ({
      identifier,
      name: plainText(node.name),
      operation: plainText(node.operation),
      shape: describeShape(node.shape),
      type: describeFormat(type),
      lanes: outputLanes,
      weights: emission?.adders ? `${emission.adders.count} adders` : (weightForm ?? ''),
    })),
  };
}
