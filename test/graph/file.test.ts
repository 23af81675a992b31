import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildGraph, loadGraph, QfxError, saveGraph } from '../../src/qfx/index.js';
import { everyOperation } from './every-operation.js';
import { goldenGraphs } from './golden/graphs.js';
import { graphOf, putTogether, seal, takeApart, withGraph } from './sealed.js';
import type { GraphText, TakenApart } from './sealed.js';

const golden = (name: string) => readFileSync(new URL(`golden/${name}`, import.meta.url));
const bytes = saveGraph(everyOperation());
const file = () => takeApart(bytes);

describe.each(goldenGraphs)('golden file $name', ({ name, graph, inputs }) => {
  const text = golden(`${name}.safetensors`);

  it('loads as the graph that it was saved from', () => {
    expect(loadGraph(text).graph).toEqual(graph());
  });

  it('gives the values that it gave then', () => {
    const { layers } = loadGraph(text).run(inputs());
    const found = Object.entries(layers).map(([layer, { raw }]) => [
      layer,
      Array.from(raw as ArrayLike<number | bigint>, String),
    ]);
    expect(Object.fromEntries(found)).toEqual(JSON.parse(golden(`${name}.values.json`).toString('utf8')));
  });

  it('is what is written today', () => {
    expect(Buffer.from(saveGraph(graph())).equals(text)).toBe(true);
  });
});

describe('K-hot constants', () => {
  const set = { terms: 2, digits: 'signed' } as const;
  const graph = buildGraph({
    name: 'multiplier-free',
    nodes: [
      {
        name: 'x',
        operation: 'input',
        inputs: [],
        attributes: { shape: [2] },
        outputType: { signed: true, wordLength: 4, binaryPoint: 2, rounding: 'AP_RND', overflow: 'AP_SAT' },
      },
      { name: 'y', operation: 'dense', inputs: ['x'], constants: { weights: 'y/weights' }, outputType: 'exact' },
    ],
    outputs: ['y'],
    tensors: {
      'y/weights': {
        shape: [2, 1],
        format: { signed: true, wordLength: 8, binaryPoint: 7, kHot: set },
        raw: Float64Array.of(-120, 65),
      },
    },
  });

  it('come back from a file with their set', () => {
    const bytes = saveGraph(graph);
    expect(loadGraph(bytes).graph).toEqual(graph);
    expect(loadGraph(bytes).graph.tensors['y/weights'].format.kHot).toEqual(set);
  });

  it('are refused where a value is not one', () => {
    // 85 = 1010101b takes four powers of two.
    const raw = { ...graph.tensors['y/weights'], raw: Float64Array.of(-120, 85) };
    expect(() => buildGraph({ ...graph, tensors: { 'y/weights': raw } })).toThrow(
      /tensor "y\/weights": raw value 85 at index 1, allowed: sums of at most 2 signed powers of two/,
    );
  });
});

describe('saveGraph', () => {
  it('gives the same bytes for the same graph, however its tensors are ordered', () => {
    const graph = everyOperation();
    const tensors = Object.fromEntries(Object.entries(graph.tensors).reverse());
    expect(saveGraph({ ...graph, tensors })).toEqual(bytes);
  });

  it('writes a container that is aligned, without gaps and with strings as metadata', () => {
    const { header, metadata, data } = file();
    expect((bytes.length - data.length) % 8).toBe(0);
    expect(Object.keys(metadata)).toEqual(['format', 'format_version', 'graph', 'sha256']);
    let end = 0;
    for (const { data_offsets: offsets } of Object.values(header)) {
      expect(offsets[0]).toBe(end);
      end = offsets[1];
    }
    expect(end).toBe(data.length);
  });

  it('stores each tensor in the smallest integer type', () => {
    const types = Object.fromEntries(Object.entries(file().header).map(([name, { dtype }]) => [name, dtype]));
    expect(types).toEqual({
      'average pool/reciprocals': 'U8',
      'averages/reciprocals': 'U16',
      'conv/bias': 'I8',
      'conv/weights': 'I8',
      'dense/bias': 'I64',
      'dense/weights': 'I32',
      'depthwise/weights': 'I8',
      'normalization/offset': 'I16',
      'normalization/scale': 'I8',
    });
  });
});

/** A refused file: where and why. */
function refusal(changed: Uint8Array): string {
  try {
    loadGraph(changed, { fileName: 'x.safetensors' });
  } catch (error) {
    expect(error).toBeInstanceOf(QfxError);
    expect((error as QfxError).where).toMatch(/^x\.safetensors/);
    return (error as QfxError).message;
  }
  return 'loaded';
}

describe('loadGraph refuses', () => {
  const changedFile = (change: (file: TakenApart) => void) => {
    const changed = file();
    change(changed);
    return refusal(putTogether(changed));
  };
  const changedSealed = (change: (file: TakenApart) => void) => {
    const changed = file();
    change(changed);
    return refusal(putTogether(seal(changed)));
  };
  const changedGraph = (change: (graph: GraphText) => void) => {
    const graph = graphOf(file());
    change(graph);
    return refusal(withGraph(file(), graph));
  };
  const node = (graph: GraphText, name: string) => {
    const found = graph.nodes.find((candidate) => candidate.name === name);
    if (!found) throw new Error(`no ${name}`);
    return found;
  };

  it('nothing by mistake', () => {
    expect(refusal(putTogether(seal(file())))).toBe('loaded');
    expect(changedGraph(() => undefined)).toBe('loaded');
  });

  it('what is no container', () => {
    expect(refusal(new Uint8Array(0))).toMatch(/0 bytes, too short/);
    expect(refusal(bytes.subarray(0, 7))).toMatch(/7 bytes, too short/);
    expect(refusal(bytes.subarray(0, 100))).toMatch(/its header claims \d+ bytes, at most 92 are possible/);
    expect(refusal(new Uint8Array(64).fill(0xff))).toMatch(/its header claims 18446744073709551615 bytes/);
    expect(refusal(bytes.subarray(0, bytes.length - 1))).toMatch(/data_offsets are no range/);
    expect(refusal(Uint8Array.from([...bytes, 0]))).toMatch(/1 bytes of data belong to no tensor/);
    expect(refusal(putTogether(file(), '[]'))).toMatch(/header is not a JSON object/);
    expect(refusal(putTogether(file(), '{'))).toMatch(/header: not valid JSON/);
    expect(refusal(putTogether(file(), '['.repeat(200_000)))).toMatch(/header: not valid JSON/);
    expect(refusal(putTogether(file(), '{"a":'.repeat(50_000) + '1' + '}'.repeat(50_000)))).toMatch(/x\.safetensors/);
    expect(refusal(putTogether(file(), '{"a": 1}'))).toMatch(/another form than JSON.stringify/);
    expect(refusal(putTogether(file(), '{"__metadata__":{},"__metadata__":{}}'))).toMatch(
      /another form than JSON.stringify/,
    );
    const broken = bytes.slice();
    broken[20] = 0xff;
    expect(refusal(broken)).toMatch(/header: not valid UTF-8/);
  });

  it('headers that lie', () => {
    const name = 'conv/weights';
    expect(changedFile(({ header }) => (header[name].shape = [3, 3, 2, 5]))).toMatch(
      /72 bytes, shape \[3, 3, 2, 5\] of I8 needs 90/,
    );
    expect(changedFile(({ header }) => (header[name].shape = [2 ** 50, 2 ** 50]))).toMatch(/needs 1\.2\d+e\+30/);
    expect(changedFile(({ header }) => (header[name].shape = [-72, -1]))).toMatch(
      /its shape is no list of whole numbers/,
    );
    expect(changedFile(({ header }) => (header[name].dtype = 'F64'))).toMatch(/dtype "F64", allowed: I8, U8/);
    expect(changedFile(({ header }) => (header[name].data_offsets = [0, 1e15]))).toMatch(/data_offsets are no range/);
    expect(changedFile(({ header }) => (header[name].data_offsets = [0, 72]))).toMatch(/overlap or leave a gap/);
    expect(changedSealed(({ header }) => (header[name].shape = [72]))).toMatch(
      /shape \[72\] in the file, \[3, 3, 2, 4\] in the graph/,
    );
    expect(changedSealed(({ header }) => (header[name].dtype = 'U8'))).toMatch(/stored as U8, its format needs I8/);
    expect(changedSealed(({ header }) => (header.other = { dtype: 'I8', shape: [0], data_offsets: [0, 0] }))).toMatch(
      /tensor "other": the graph does not name it/,
    );
    expect(changedFile(({ header }) => Object.assign(header[name], { colour: 'blue' }))).toMatch(
      /unknown key "colour"/,
    );
  });

  it('metadata that are not ours', () => {
    expect(changedFile(({ metadata }) => delete metadata.format)).toMatch(/no qfx-graph file .*say: no format/);
    expect(changedFile(({ metadata }) => (metadata.format = 'qfx-checkpoint'))).toMatch(/say: qfx-checkpoint/);
    expect(changedFile(({ metadata }) => (metadata.format_version = '2'))).toMatch(
      /format version "2", this QFX reads "1"/,
    );
    expect(changedFile(({ metadata }) => (metadata.note = 'hello'))).toMatch(/unknown metadata "note"/);
    expect(changedFile(({ metadata }) => Object.assign(metadata, { graph: 7 }))).toMatch(
      /__metadata__.graph is not text/,
    );
    expect(changedFile(({ metadata }) => (metadata.sha256 = '00'))).toMatch(/its checksum is "00", its content has "/);
  });

  it('damage', () => {
    expect(changedFile(({ data }) => (data[3] ^= 1))).toMatch(/its checksum is .* damaged or edited/);
    expect(changedFile(({ metadata }) => (metadata.graph = metadata.graph.replace('0.5', '0.6')))).toMatch(
      /damaged or edited/,
    );
  });

  it('raw integers outside their format', () => {
    // 5 bits signed, stored as I8.
    const message = changedSealed(({ header, data }) => (data[header['conv/weights'].data_offsets[0] + 2] = 16));
    expect(message).toMatch(
      /tensor "conv\/weights": raw value 16 at index 2, allowed in ap_fixed<5, 2>: whole numbers -16 to 15/,
    );
    // An element of no width.
    const pruned = changedSealed(({ header, data }) => (data[header['depthwise/weights'].data_offsets[0] + 1] = 1));
    expect(pruned).toMatch(/raw value 1 at index 1, allowed in ap_fixed<0, -3>: whole numbers 0 to 0/);
  });

  it('graph JSON in another form', () => {
    const text = file().metadata.graph;
    expect(refusal(withGraph(file(), text.replace(':', ': ')))).toMatch(/graph: JSON in another form/);
    expect(refusal(withGraph(file(), text.replace('{', '{"name":"twice",')))).toMatch(/graph: JSON in another form/);
    expect(refusal(withGraph(file(), text.replace('"seed":7', '"seed":7.0')))).toMatch(/graph: JSON in another form/);
    expect(refusal(withGraph(file(), text.replace('"seed":7', '"seed":9007199254740993')))).toMatch(/another form/);
    expect(refusal(withGraph(file(), text.replace('"seed":7', '"seed":9007199254740992')))).toMatch(
      /beyond 2\^53, write it as a decimal string/,
    );
    expect(refusal(withGraph(file(), text.slice(0, -1)))).toMatch(/graph: not valid JSON/);
    const deep = '{"a":'.repeat(50_000) + '1' + '}'.repeat(50_000);
    expect(refusal(withGraph(file(), text.replace('"seed":7', `"seed":${deep}`)))).toMatch(/x\.safetensors/);
    const nested = '{"a":'.repeat(40) + '1' + '}'.repeat(40);
    expect(refusal(withGraph(file(), text.replace('"seed":7', `"seed":${nested}`)))).toMatch(/nested deeper than 32/);
  });

  it('another structure, with the path', () => {
    expect(changedGraph((graph) => Object.assign(graph, { colour: 'blue' }))).toMatch(
      /graph: Unrecognized key: "colour"/,
    );
    expect(changedGraph((graph) => (graph.nodes[2].colour = 'blue'))).toMatch(/nodes.2: Unrecognized key: "colour"/);
    expect(changedGraph((graph) => delete graph.nodes[2].exactType)).toMatch(/nodes.2.exactType/);
    expect(changedGraph((graph) => (node(graph, 'conv').outputType = { signed: true }))).toMatch(/nodes.2.outputType/);
    expect(changedGraph((graph) => (graph.nodes[2].inputs = 'image'))).toMatch(/nodes.2.inputs/);
    expect(changedGraph((graph) => Object.assign(graph, { provenance: [] }))).toMatch(/provenance: needed: an object/);
  });

  it('names that are twice there, reserved, or of nothing', () => {
    expect(changedGraph((graph) => (graph.nodes[3].name = 'conv'))).toMatch(/layer "conv": there are two nodes/);
    expect(changedGraph((graph) => (graph.nodes[3].inputs = ['nobody']))).toMatch(
      /layer "normalization": its input "nobody" does not exist/,
    );
    expect(changedGraph((graph) => (graph.nodes[3].inputs = ['relu']))).toMatch(/"relu" is not an earlier node/);
    expect(changedGraph((graph) => (graph.nodes[3].inputs = ['normalization']))).toMatch(
      /"normalization" is not an earlier node/,
    );
    expect(changedGraph((graph) => graph.outputs.push('nobody'))).toMatch(/its output "nobody" does not exist/);
    expect(changedGraph((graph) => graph.outputs.push('best'))).toMatch(/its output "best" is named twice/);
    expect(changedGraph((graph) => (graph.outputs = []))).toMatch(/it has no outputs/);
    expect(changedGraph((graph) => (graph.outputs = ['dense']))).toMatch(/layer "best": nothing uses its result/);
    expect(changedGraph((graph) => graph.tensors.push(graph.tensors[0]))).toMatch(/the graph names it twice/);
    expect(changedGraph((graph) => graph.tensors.pop())).toMatch(/the graph does not name it/);
    expect(changedGraph((graph) => (graph.tensors[0].name = 'ghost'))).toMatch(
      /tensor "ghost": the graph names it, the file has no such/,
    );
    expect(changedGraph((graph) => delete (node(graph, 'conv').constants as { bias?: string }).bias)).toMatch(
      /layer "conv": its stored exactType|tensor "conv\/bias": nothing uses it/,
    );
    for (const name of ['__proto__', '', 'x'.repeat(201), '\ud800']) {
      expect(changedGraph((graph) => (graph.nodes[0].name = name))).toMatch(/x\.safetensors: node: .*name/);
    }
  });

  it('operations and attributes that it does not know', () => {
    expect(changedGraph((graph) => (node(graph, 'flat').operation = 'fold'))).toMatch(
      /layer "flat": unknown operation "fold", known: input/,
    );
    expect(changedGraph((graph) => (node(graph, 'flat').operation = 'constructor'))).toMatch(
      /unknown operation "constructor"/,
    );
    expect(changedGraph((graph) => (node(graph, 'flat').attributes = { axis: 1 }))).toMatch(
      /layer "flat": attributes: Unrecognized key: "axis"/,
    );
    expect(changedGraph((graph) => (node(graph, 'grid').attributes = { shape: [1e9] }))).toMatch(
      /layer "grid": attributes: shape.0/,
    );
    expect(changedGraph((graph) => (node(graph, 'image').attributes = { shape: [60000, 60000, 2] }))).toMatch(
      /has more than 16777216 values/,
    );
    expect(
      changedGraph((graph) => ((node(graph, 'conv').attributes as { padding: number[] }).padding = [1e9, 0, 0, 0])),
    ).toMatch(/layer "conv": attributes: padding.0/);
  });

  it('stored shapes and types that the rules do not give', () => {
    expect(changedGraph((graph) => (node(graph, 'conv').shape = [5, 4, 5]))).toMatch(
      /layer "conv": its stored shape is \[5,4,5\], the rules give \[5,4,4\]/,
    );
    expect(
      changedGraph((graph) => ((node(graph, 'conv').exactType as { wordLength: number }).wordLength += 1)),
    ).toMatch(/layer "conv": its stored exactType is .*, the rules give/);
    expect(changedGraph((graph) => (node(graph, 'averages').intermediateTypes = {}))).toMatch(
      /layer "averages": its stored intermediateTypes is \{\}, the rules give \{"sum"/,
    );
  });

  it('types that are none', () => {
    const type = (graph: GraphText) => node(graph, 'relu').outputType as Record<string, unknown>;
    expect(changedGraph((graph) => (type(graph).wordLength = 65))).toMatch(/layer "relu": word length 65, allowed/);
    expect(changedGraph((graph) => (type(graph).binaryPoint = 1e6))).toMatch(/layer "relu": binary point 1000000/);
    expect(changedGraph((graph) => (type(graph).wordLength = { axis: 2, values: [1] }))).toMatch(
      /layer "relu": wordLength: 1 values for the axis 2/,
    );
    expect(changedGraph((graph) => (type(graph).wordLength = { axis: 9, values: [1] }))).toMatch(/there is no axis 9/);
    expect(changedGraph((graph) => (type(graph).wordLength = { elements: [1] }))).toMatch(
      /1 values for the tensor of shape/,
    );
    expect(changedGraph((graph) => (type(graph).rounding = 'AP_UP'))).toMatch(/outputType.rounding/);
    expect(
      changedGraph((graph) => Object.assign(type(graph), { signed: true, wordLength: 1, overflow: 'AP_SAT_SYM' })),
    ).toMatch(/layer "relu": AP_SAT_SYM on a 1-bit signed type/);
  });
});
