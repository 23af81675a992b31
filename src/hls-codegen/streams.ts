import { plainDepth } from '../qfx/hardware/dataflow.js';
import type { Connection, DesignLayer } from './design.js';
import { connectionsFrom } from './design.js';

/** A stream that the top function declares. */
export interface DesignStream {
  readonly name: string;
  readonly from: DesignLayer;
  readonly lanes: number;
  readonly depth: number;
}

/** How a layer's values get from its output stream to their readers. */
export interface Route {
  /** The layer's output stream and further ones behind it, in order of their first use. */
  readonly streams: readonly DesignStream[];
  /** More than one where the stream is forked. */
  readonly branches: readonly DesignStream[];
  /** Width converters. */
  readonly conversions: readonly { readonly from: DesignStream; readonly to: DesignStream }[];
  /** Where each connection ends. */
  readonly ends: readonly { readonly connection: Connection; readonly stream: DesignStream }[];
}

/** The values of a stream of this layer in one word. */
export function wordType({ from, lanes }: Pick<DesignStream, 'from' | 'lanes'>): string {
  return `qfx::vector<${from.identifier}_t, ${lanes}>`;
}

/**
 * Plans the streams behind a layer: a fork where it has several readers, width converters where a reader takes other lanes.
 * @param depth of the stream of a connection
 */
export function routeFrom(
  layer: DesignLayer,
  layers: readonly DesignLayer[],
  outputs: readonly string[],
  depth: (connection: Connection) => number,
): Route {
  const connections = connectionsFrom(layer, layers, outputs);
  const forked = connections.length > 1;
  const output: DesignStream = {
    name: `${layer.identifier}_out`,
    from: layer,
    lanes: layer.outputLanes,
    depth: forked ? plainDepth : depth(connections[0]),
  };
  const streams = [output];
  const branches: DesignStream[] = [];
  const conversions: { from: DesignStream; to: DesignStream }[] = [];
  const ends: { connection: Connection; stream: DesignStream }[] = [];
  connections.forEach((connection, index) => {
    let stream = output;
    if (forked) {
      stream = { ...output, name: branchName(connections, index), depth: depth(connection) };
      branches.push(stream);
      streams.push(stream);
    }
    const lanes = connection.to?.inputLanes ?? layer.outputLanes;
    if (lanes !== stream.lanes) {
      const to = { ...stream, name: `${stream.name}_by${lanes}`, lanes, depth: plainDepth };
      conversions.push({ from: stream, to });
      streams.push(to);
      stream = to;
    }
    ends.push({ connection, stream });
  });
  return { streams, branches, conversions, ends };
}

/** `<from>_to_<reader>`, numbered where one reader takes the same values twice. */
function branchName(connections: readonly Connection[], index: number): string {
  const { from, to } = connections[index];
  const same = (other: Connection) => other.to === to;
  const number = connections.slice(0, index).filter(same).length;
  const suffix = number > 0 ? `_${number + 1}` : '';
  return `${from.identifier}_to_${to ? to.identifier : 'output'}${suffix}`;
}
