import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { QfxError, defaultPlan, parseBoard, validatePlan } from 'qfx';
import type { Board, HardwarePlan } from 'qfx';
import { NetworkBuilder, resnet8 } from './network-builder.js';

const boardFile = new URL('../../boards/ultra96/board.json', import.meta.url);
const boardContent: Board = JSON.parse(readFileSync(boardFile, 'utf8'));
const board = parseBoard(boardContent, 'board.json');

describe('boards/ultra96', () => {
  it('is the Ultra96-V2', () => {
    expect(board.name).toBe('ultra96');
    expect(board.part).toBe('xczu3eg-sbva484-1-i');
    expect(board.resources).toEqual({ lut: 70_560, ff: 141_120, dsp: 360, bram18: 432, uram: 0 });
  });
});

describe('parseBoard', () => {
  it.each([
    [{ color: 'green' }, 'color'],
    [{ formatVersion: 2 }, 'formatVersion'],
    [{ part: 'x; exit' }, 'part'],
    [{ clockPeriodNs: 0 }, 'clockPeriodNs'],
    [{ clockPeriodNs: '5' }, 'clockPeriodNs'],
    [{ resources: { ...board.resources, dsp: -1 } }, 'resources.dsp'],
  ])('refuses %j', (change, key) => {
    expect(() => parseBoard({ ...boardContent, ...change }, 'mine/board.json')).toThrow(QfxError);
    expect(() => parseBoard({ ...boardContent, ...change }, 'mine/board.json')).toThrow(/^mine\/board\.json: /);
    expect(() => parseBoard({ ...boardContent, ...change }, 'mine/board.json')).toThrow(key);
  });
});

describe('defaultPlan', () => {
  it('takes part and clock from the board and survives JSON', () => {
    const graph = resnet8(8);
    const plan = defaultPlan(graph, board);
    expect(plan).toMatchObject({ formatVersion: 1, board: 'ultra96', part: board.part, clockPeriodNs: 5 });
    expect(validatePlan(graph, JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });

  it('gives layers that mix channels up to four lanes, and keeps them elsewhere', () => {
    const network = new NetworkBuilder();
    const image = network.input(6, 6, 3);
    const convolved = network.conv2d(image, 10);
    const pooled = network.maxPool(network.relu(convolved), { strides: [2, 2] });
    const joined = network.concatenate(network.conv2d(pooled, 8), pooled);
    const vector = network.flatten(joined);
    const classes = network.argmax(network.dense(vector, 7));
    const { layers } = defaultPlan(network.build(classes), board);
    expect(Object.entries(layers).map(([name, lanes]) => [name, lanes.inputLanes, lanes.outputLanes])).toEqual([
      ['input0', 3, 3],
      ['conv2d1', 3, 2],
      ['relu2', 2, 2],
      ['max-pooling2d3', 2, 2],
      ['conv2d4', 2, 4],
      ['concatenate5', 2, 3],
      ['flatten6', 3, 3],
      ['dense7', 3, 1],
      ['argmax8', 1, 1],
    ]);
  });
});

describe('validatePlan', () => {
  const network = new NetworkBuilder();
  const image = network.input(6, 8, 4);
  const graph = network.build(network.add(network.conv2d(image, 4), image));
  const plan = defaultPlan(graph, board);
  const validate = (changed: unknown) => validatePlan(graph, changed, 'hardware.json');

  it('takes what another room or a person changed within the rules', () => {
    const layers = { ...plan.layers, conv2d1: { inputLanes: 2, outputLanes: 1 } };
    const streams = { ...plan.streams, 'input0->add2': { depth: 1000 } };
    expect(validate({ ...plan, layers, streams, clockPeriodNs: 3.3 })).toEqual({
      ...plan,
      layers,
      streams,
      clockPeriodNs: 3.3,
    });
  });

  const withLayer = (name: string, lanes: Partial<HardwarePlan['layers'][string]>) => ({
    ...plan,
    layers: { ...plan.layers, [name]: { ...plan.layers[name], ...lanes } },
  });
  const withoutKey = (section: 'layers' | 'streams', key: string) => ({
    ...plan,
    [section]: Object.fromEntries(Object.entries(plan[section]).filter(([name]) => name !== key)),
  });

  it.each([
    ['an unknown key', { ...plan, speed: 1 }, 'hardware.json: Unrecognized key: "speed"'],
    ['an unknown key of a layer', withLayer('add2', { lanes: 2 } as object), 'layers.add2'],
    ['another version', { ...plan, formatVersion: 2 }, 'formatVersion'],
    [
      'a width that AXI4-Stream lacks',
      { ...plan, interface: { ...plan.interface, inputWordBits: 24 } },
      'inputWordBits',
    ],
    ['no lanes', withLayer('add2', { inputLanes: 0 }), 'layers.add2.inputLanes'],
    ['half a lane', withLayer('add2', { outputLanes: 0.5 }), 'layers.add2.outputLanes'],
    [
      'lanes that do not divide the output',
      withLayer('conv2d1', { outputLanes: 3 }),
      `hardware.json: layer "conv2d1": outputLanes is 3, which doesn't divide the 4 channels of its output`,
    ],
    [
      'lanes that do not divide an input',
      withLayer('add2', { inputLanes: 3 }),
      `hardware.json: layer "add2": inputLanes is 3, which doesn't divide the 4 channels of "conv2d1"`,
    ],
    [
      'two widths of an input',
      withLayer('input0', { inputLanes: 2 }),
      'layer "input0": inputLanes is 2, which must equal',
    ],
    ['another form', withLayer('conv2d1', { weights: 'adders' as 'shifters' }), 'layers.conv2d1.weights'],
    [
      'shifters for constants that are not K-hot',
      withLayer('conv2d1', { weights: 'shifters' }),
      'hardware.json: layer "conv2d1": weights is "shifters", and its constants are not K-hot',
    ],
    [
      'a form for a layer without products',
      withLayer('add2', { weights: 'multipliers' }),
      'hardware.json: layer "add2": weights is "multipliers", and it has no constants to multiply with',
    ],
    ['a layer that is not there', withLayer('relu9', { inputLanes: 1, outputLanes: 1 }), `"relu9" isn't in the graph`],
    ['a missing layer', withoutKey('layers', 'add2'), 'hardware.json: layers: "add2" is missing'],
    ['a missing stream', withoutKey('streams', 'input0->add2'), 'hardware.json: streams: "input0->add2" is missing'],
    [
      'a stream that is too short',
      { ...plan, streams: { ...plan.streams, 'input0->add2': { depth: 8 } } },
      'hardware.json: stream "input0->add2": depth 8, with which the design stops for ever; needed: at least 9',
    ],
    ['no plan', null, 'hardware.json: '],
  ])('refuses %s', (_, changed, message) => {
    expect(() => validate(changed)).toThrow(QfxError);
    expect(() => validate(changed)).toThrow(message);
  });

  it('works with names that look like keys', () => {
    const hostile = { ...graph, nodes: graph.nodes.map((node) => rename(node)), outputs: ['constructor'] };
    const made = defaultPlan(hostile, board);
    expect(validatePlan(hostile, JSON.parse(JSON.stringify(made)))).toEqual(made);
  });
});

const hostileNames: Readonly<Record<string, string>> = { input0: 'a->b', conv2d1: 'toString', add2: 'constructor' };

function rename<Node extends { readonly name: string; readonly inputs: readonly string[] }>(node: Node): Node {
  return { ...node, name: hostileNames[node.name], inputs: node.inputs.map((input) => hostileNames[input]) };
}
