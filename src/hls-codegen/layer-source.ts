import { describeFormat } from '../qfx/number/type.js';
import { describeShape } from '../qfx/operations/operation.js';
import { tableBody } from './cpp-table.js';
import { cppFormat, cppKHot, cppSignature, cppType } from './cpp-text.js';
import type { DesignLayer } from './design.js';
import type { ConfigurationType, Emission, Table } from './operations/emitter.js';
import { plainText } from './plain-text.js';
import { renderTemplate } from './template.js';

/** `4 lanes` */
function describeLanes(lanes: number): string {
  return lanes === 1 ? '1 lane' : `${lanes} lanes`;
}

/** `l1_conv1: conv2d "conv1", [28, 28, 8]`, the first line of everything that is written about a layer. */
export function layerSummary({ identifier, node }: DesignLayer): string {
  return `${identifier}: ${plainText(node.operation)} "${plainText(node.name)}", ${describeShape(node.shape)}`;
}

/** What the adders of a layer are called, in C++ and in Verilog. */
export function addersIdentifier({ identifier }: Pick<DesignLayer, 'identifier'>): string {
  return `${identifier}_adders`;
}

/** The head of a layer's function. */
export function layerSignature(layer: DesignLayer): string {
  const { operands, identifier, inputLanes, outputLanes } = layer;
  const stream = (type: string, lanes: number, name: string) =>
    `hls::stream<qfx::vector<${type}_t, ${lanes}>>& ${name}`;
  const inputs = operands.map((operand, index) => stream(operand.identifier, inputLanes, inputName(layer, index)));
  return cppSignature(identifier, [...inputs, stream(identifier, outputLanes, 'output')]);
}

function inputName({ operands }: DesignLayer, index: number): string {
  return operands.length === 1 ? 'input' : `input${index}`;
}

/** The C++ source of a layer: configuration, tables and the function that calls the library. */
export function layerSource(layer: DesignLayer, emission: Emission, qfx: string): string {
  const { identifier } = layer;
  return renderTemplate('layer.cpp', {
    qfx,
    identifier,
    summary: layerSummary(layer),
    facts: layerFacts(layer),
    header: emission.header,
    types: configurationTypes(layer, emission),
    integers: configurationIntegers(layer, emission),
    adders: emission.adders,
    tables: emission.tables.filter((table) => table !== null).map((table) => tableData(identifier, table)),
    signature: layerSignature(layer),
    function: emission.function,
    templateArguments: [
      `${identifier}_config`,
      ...(emission.adders ? [addersIdentifier(layer)] : []),
      ...(emission.templateArguments ?? []),
    ].join(', '),
    arguments: callArguments(layer, emission).join(', '),
  });
}

function layerFacts({ operands, node, type, inputLanes, outputLanes }: DesignLayer): { label: string; text: string }[] {
  const fact = (label: string, ...text: string[]) => ({ label: label.padEnd(14), text: text.join(', ') });
  const exact = node.exactType;
  return [
    ...operands.map((operand) =>
      fact(
        'input',
        `${operand.identifier} ${describeShape(operand.node.shape)}`,
        cppFormat(operand.type),
        describeLanes(inputLanes),
      ),
    ),
    fact('exact result', exact.wordLength === 0 ? '0, whatever the input' : describeFormat(exact)),
    fact('output', describeShape(node.shape), cppType(type), describeLanes(outputLanes)),
  ];
}

function configurationTypes(
  { operands, identifier }: DesignLayer,
  { types }: Emission,
): { name: string; type: string }[] {
  return [
    ...(operands.length === 1 ? [{ name: 'input_t', type: `${operands[0].identifier}_t` }] : []),
    ...types.map(({ name, ...type }) => ({ name, type: cppConfigurationType(type) })),
    { name: 'output_t', type: `${identifier}_t` },
  ];
}

function cppConfigurationType({ format, kHot }: Omit<ConfigurationType, 'name'>): string {
  if (kHot) return cppKHot(format, kHot);
  return 'rounding' in format ? cppType(format) : cppFormat(format);
}

function configurationIntegers(layer: DesignLayer, { integers }: Emission): { type: string; members: string }[] {
  const lanes = { input_lanes: layer.inputLanes, output_lanes: layer.outputLanes };
  return [...integers, lanes].map((group) => {
    const entries = Object.entries(group);
    const type = entries.some(([, value]) => typeof value === 'bigint') ? 'long long' : 'int';
    return { type, members: entries.map(([name, value]) => `${name} = ${value}`).join(', ') };
  });
}

function tableData(identifier: string, { name, comment, element, dimensions, values }: Table) {
  return {
    comment: comment.replaceAll('\n', '\n// '),
    element: 'cpp' in element ? element.cpp : `qfx::table_t<${identifier}_config::${element.typeName}>`,
    identifier: `${identifier}_${name}`,
    dimensions: dimensions.map((size) => `[${size}]`).join(''),
    body: tableBody(values, dimensions),
  };
}

function callArguments(layer: DesignLayer, { streams, tables }: Emission): string[] {
  const inputs = layer.operands.map((_, index) => inputName(layer, index));
  const present = tables.slice(0, tables.findLastIndex((table) => table !== null) + 1);
  return [
    ...(streams === 'output-first' ? ['output', ...inputs] : [...inputs, 'output']),
    ...present.map((table) => (table ? `${layer.identifier}_${table.name}` : 'qfx::none()')),
  ];
}
