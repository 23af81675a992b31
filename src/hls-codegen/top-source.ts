import { describeShape } from '../qfx/operations/operation.js';
import { cppFormat, cppSignature, cppType } from './cpp-text.js';
import type { Connection, DesignLayer } from './design.js';
import { layerSignature, layerSummary } from './layer-source.js';
import { plainText } from './plain-text.js';
import type { Port } from './ports.js';
import { routeFrom, wordType } from './streams.js';
import type { Route } from './streams.js';
import { renderTemplate } from './template.js';

/** Everything that the sources around the layers are written from. */
export interface Network {
  /** QFX's version. */
  readonly qfx: string;
  readonly name: string;
  readonly top: string;
  readonly layers: readonly DesignLayer[];
  /** Names of the nodes that are outputs. */
  readonly outputs: readonly string[];
  readonly input: Port;
  readonly outputPorts: readonly Port[];
  readonly depth: (connection: Connection) => number;
}

/** `src/layers.h`: types of all values and declarations of all layers. */
export function layersHeader(network: Network): string {
  return renderTemplate('layers.h', {
    ...common(network),
    layers: network.layers.map((layer) => ({
      summary: layerSummary(layer),
      identifier: layer.identifier,
      type: cppType(layer.type),
      function: layer.emission !== null,
      signature: layerSignature(layer),
    })),
  });
}

/** `src/<top>.h`. */
export function topHeader(network: Network): string {
  return renderTemplate('top.h', {
    ...common(network),
    signature: topSignature(network),
    ports: ports(network).map(({ port, layer, slotBits, wordBits, wordsPerImage }) => ({
      port,
      wordBits,
      comment:
        `${port}: "${plainText(layer.node.name)}" ${describeShape(layer.node.shape)} of ${cppFormat(layer.type)}, ` +
        `${slotBits} bits each, ${wordsPerImage} words an image`,
    })),
  });
}

/** `src/<top>.cpp`: the dataflow. */
export function topSource(network: Network): string {
  return renderTemplate('top.cpp', {
    ...common(network),
    layerCount: network.layers.length,
    signature: topSignature(network),
    ports: ports(network).map(({ port, layer, slotBits, wordBits }) => ({
      port,
      wordBits,
      slotBits,
      valueType: `${layer.identifier}_t`,
      values: layer.valuesPerImage,
      lanes: layer.outputLanes,
    })),
    stages: stages(network),
  });
}

function common({ qfx, name, top }: Network) {
  return { qfx, top, title: plainText(name), guard: top.toUpperCase() };
}

function ports({ input, outputPorts }: Network): readonly Port[] {
  return [input, ...outputPorts];
}

function topSignature(network: Network): string {
  const parameters = ports(network).map(({ port }) => `hls::stream<${port}_axis_t>& ${port}`);
  return cppSignature(network.top, parameters);
}

interface Stage {
  readonly comment: string;
  readonly streams: readonly { readonly name: string; readonly word: string; readonly depth: number }[];
  readonly statements: readonly string[];
}

function stages(network: Network): Stage[] {
  const { layers, outputs, input, outputPorts, depth } = network;
  /** Names of the streams that a layer reads, by operand; for null the streams behind the outputs, by layer index. */
  const operands = new Map<DesignLayer | null, string[]>([null, ...layers].map((reader) => [reader, []]));
  const result = layers.map((layer): Stage => {
    const route = routeFrom(layer, layers, outputs, depth);
    for (const { connection, stream } of route.ends) {
      const position = connection.to ? connection.operand : layer.index;
      operands.get(connection.to)![position] = stream.name;
    }
    return {
      comment: `${layerSummary(layer)} of ${cppType(layer.type)}`,
      streams: route.streams.map((stream) => ({ name: stream.name, word: wordType(stream), depth: stream.depth })),
      statements: layerStatements(layer, route, operands.get(layer)!, input),
    };
  });
  const writes = outputPorts.map(({ port, layer }): Stage => ({
    comment: `${port}: values of ${layer.identifier}`,
    streams: [],
    statements: [`qfx::write_axis<${port}_config>(${operands.get(null)![layer.index]}, ${port})`],
  }));
  return [...result, ...writes];
}

function layerStatements(layer: DesignLayer, route: Route, operands: readonly string[], input: Port): string[] {
  const [output] = route.streams;
  const words = layer.valuesPerImage / layer.outputLanes;
  const call =
    layer.emission === null
      ? `qfx::read_axis<${input.port}_config>(${input.port}, ${output.name})`
      : `${layer.identifier}(${[...operands, output.name].join(', ')})`;
  const forks =
    route.branches.length > 0
      ? [`qfx::fork<${words}>(${[output, ...route.branches].map(({ name }) => name).join(', ')})`]
      : [];
  const conversions = route.conversions.map(
    ({ from, to }) => `qfx::change_lanes<${layer.valuesPerImage}>(${from.name}, ${to.name})`,
  );
  return [call, `QFX_TAP(${layer.index}, ${output.name}, ${words})`, ...forks, ...conversions];
}
