import { compareGraphs } from '../qfx/index.js';
import type { ConstantComparison, Difference, GraphComparison, Json, Network, TensorType } from '../qfx/index.js';
import { classify } from './classify.js';
import type { Command, CommandContext } from './command.js';
import { count, percent } from './format.js';
import { openGraph } from './graph-file.js';
import { shortFormat, shortType, typeLegend } from './short-type.js';
import { formatTable } from './table.js';
import { labelledImages, loadTestSet, testImageOptions } from './test-images.js';
import type { TestImageOptions, TestImages } from './test-images.js';
import { visible } from './visible.js';

interface Options extends TestImageOptions {
  a: string;
  b: string;
}

/** What a screen holds; `--json` has the rest. */
const rowsShown = 40;
const charactersShown = [20, 18, 18, 18] as const;

/** `qfx diff`: types, weights and accuracy of two graphs. */
export const diff: Command<Options> = {
  command: 'diff <a> <b>',
  describe: 'Compare two graphs: layers, types, attributes, weights, provenance, accuracy',
  examples: [
    ['$0 diff a.safetensors b.safetensors', 'Exit status 0, whether they differ or not'],
    ['$0 diff a.safetensors b.safetensors --data-set mnist', 'Accuracy of both, too, on all test images'],
    ['$0 diff a.safetensors b.safetensors --json', 'For scripts: "same", and every difference'],
  ],
  options: (yargs) =>
    yargs
      .positional('a', { type: 'string', demandOption: true, describe: 'A frozen graph (.safetensors)' })
      .positional('b', { type: 'string', demandOption: true, describe: 'Another one' })
      .options(testImageOptions),
  async run({ a: fileA, b: fileB, data, dataSet }, context) {
    const [a, b] = [await openGraph(fileA), await openGraph(fileB)];
    const comparison = compareGraphs(a.graph, b.graph);
    const measured = data !== undefined || dataSet !== undefined;
    const accuracy = measured ? await compareAccuracy(a, b, { data, dataSet }, context) : undefined;
    return {
      document: { a: fileA, b: fileB, ...comparison, ...(accuracy && { accuracy }) },
      text: [...describe(comparison), ...(accuracy ? ['', ...describeAccuracy(accuracy)] : [])].join('\n'),
    };
  },
};

interface Accuracy {
  readonly dataSet: string;
  readonly images: number;
  /** Fractions 0..1. */
  readonly a: number;
  readonly b: number;
  /** Images to which the two give different classes. */
  readonly classifiedDifferently: number;
}

async function compareAccuracy(
  a: Network,
  b: Network,
  options: TestImageOptions,
  context: CommandContext,
): Promise<Accuracy> {
  const set = await loadTestSet(a.graph, options);
  const [imagesA, imagesB] = [labelledImages(a.graph, set), labelledImages(b.graph, set)];
  const progress = context.progress('integer executor', 2 * imagesA.count);
  const run = (network: Network, images: TestImages, before: number) =>
    classify(network, images, { signal: context.signal, onProgress: (done) => progress.update(before + done) });
  const ofA = await run(a, imagesA, 0);
  const ofB = await run(b, imagesB, imagesA.count);
  const classifiedDifferently = ofA.classes.filter((predicted, index) => predicted !== ofB.classes[index]).length;
  return { dataSet: set.name, images: imagesA.count, a: ofA.accuracy, b: ofB.accuracy, classifiedDifferently };
}

function describeAccuracy({ dataSet, images, a, b, classifiedDifferently }: Accuracy): string[] {
  return [
    `accuracy on ${count(images)} test images of ${dataSet}, from integers: a ${percent(a)}, b ${percent(b)}`,
    `images classified differently: ${count(classifiedDifferently)}`,
  ];
}

type Row = readonly [layer: string, what: string, a: string, b: string];

function describe({ same, onlyInA, onlyInB, nodes, outputs, provenance }: GraphComparison): string[] {
  const rows: Row[] = [
    ...onlyInA.map((name): Row => [name, 'layer', 'there', '-']),
    ...onlyInB.map((name): Row => [name, 'layer', '-', 'there']),
    ...nodes.flatMap(({ name, differences, constants }) => [
      ...differences.map((difference) => rowOf(name, difference)),
      ...constants.flatMap((constant) => rowsOfConstant(name, constant)),
    ]),
    ...(outputs ? [rowOf('(graph)', outputs)] : []),
    ...provenance.map((difference) => rowOf('(provenance)', difference)),
  ];
  const verdict = same ? 'both compute the same layers' : 'the two compute different layers';
  if (rows.length === 0) return [`${verdict}; nothing differs`];
  return [
    verdict,
    '',
    formatTable(
      ['layer', 'what', 'a', 'b'],
      rows.slice(0, rowsShown).map((row) => row.map(shorten)),
    ),
    '',
    ...(rows.length > rowsShown ? [`${count(rows.length - rowsShown)} more rows; --json has all`] : []),
    typeLegend,
  ];
}

function rowOf(layer: string, { what, a, b }: Difference): Row {
  return [layer, what, show(what, a), show(what, b)];
}

function rowsOfConstant(layer: string, { role, differences, values }: ConstantComparison): Row[] {
  const rows = differences.map((difference) => {
    return rowOf(layer, { ...difference, what: difference.what === 'format' ? `${role} format` : `${role} shape` });
  });
  // Of other shapes that is what pruning left in both, which is worth a row.
  const isPart = differences.some(({ what }) => what === 'shape');
  if (values === undefined || (values.differingRaw === 0 && !isPart)) return rows;
  const { elements, differingRaw, differingValues, largestInLastBits, largest } = values;
  if (differingValues === 0 && differingRaw > 0)
    return [...rows, [layer, `${role} values`, 'equal', `${count(differingRaw)} other raw`]];
  const most = `<= ${count(largestInLastBits)} LSB`;
  return [
    ...rows,
    [layer, `${role} values`, `${count(differingValues)} of ${count(elements)}`, `${most}, ${largest.toPrecision(3)}`],
  ];
}

/** A side of a difference in a few characters. */
function show(what: string, value: Json): string {
  if (value === null) return '-';
  // They come from a graph, under these keys.
  if (what === 'outputType') return shortType(value as unknown as TensorType);
  if (what === 'exactType' || what.endsWith(' format')) return shortFormat(value as unknown as TensorType);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function shorten(text: string, column: number): string {
  const shown = visible(text);
  const most = charactersShown[column];
  return shown.length > most ? `${shown.slice(0, most - 1)}…` : shown;
}
