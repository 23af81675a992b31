import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { QfxError } from '../qfx/errors.js';
import { labelsOf } from './data-set.js';
import type { ImagePart, RawIntegers } from './data-set.js';
import { featureOptions, quantizeParts } from './features.js';
import { commonOptions, loaderOf } from './loader.js';
import type { DataFolder } from './loader.js';
import { refuseSplit, rowOptions, shapeOfRows, splitRows } from './rows.js';
import type { Rows } from './rows.js';
import { splitSchema } from './split.js';

/** A column by its name, or by its number from 0 on. */
const columnSchema = z.union([z.string(), z.int().min(0)], { message: 'a name or a number from 0 on is allowed' });
type Column = z.output<typeof columnSchema>;

const schema = z.strictObject({
  ...commonOptions,
  ...rowOptions,
  ...featureOptions,
  train: z.string().min(1),
  /** Without it, `train` is split. */
  test: z.string().min(1).optional(),
  /** The column with the class: any text. */
  label: columnSchema,
  /** The columns with the features, which are numbers; by default all others. */
  features: z.array(columnSchema).min(1).optional(),
  /** Whether the first row holds the columns' names. */
  header: z.boolean().default(true),
  delimiter: z.string().length(1).default(','),
});
type Options = z.output<typeof schema>;

/**
 * Loads tables of numbers with one sample a row: text files with commas or another delimiter, with quoted fields as in RFC 4180.
 * Numbers enter by ranges (docs/data.md).
 */
export const csvFiles = loaderOf({ name: 'csvFiles', schema, read });

async function read(folder: DataFolder, options: Options) {
  refuseSplit(folder, options.test !== undefined, options.split);
  const tables = {
    train: await readTable(folder, options.train, options),
    test: options.test === undefined ? undefined : await readTable(folder, options.test, options),
  };
  const path = folder.place(options.train);
  const { count } = tables.train;
  const shape = shapeOfRows(path, count, [1, 1, count], options.shape);
  if (tables.test && tables.test.features.join() !== tables.train.features.join())
    throw new QfxError(
      tables.test.path,
      `has the features ${tables.test.features.join(', ')}; those of ${options.train} are ${tables.train.features.join(', ')}`,
    );
  const classes = options.classes ?? classNames(tables.train.classNames);
  const train = withLabels(tables.train, classes);
  const split = tables.test ? undefined : (options.split ?? splitSchema.parse({}));
  const parts = split ? splitRows(train, split) : { train, test: withLabels(tables.test!, classes) };
  const { wordLength, signed, range } = options;
  const raw = quantizeParts('csvFiles', parts, { wordLength, signed, range });
  const partOf = ({ labels }: Rows, images: RawIntegers): ImagePart => ({
    images,
    labels: labelsOf(labels, classes.length),
    input: raw.input,
  });
  const set = { classes, shape, train: partOf(parts.train, raw.train), test: partOf(parts.test, raw.test) };
  return { set, found: { ...raw.found, classes, split } };
}

/** A file's rows, with the lines they end at, for messages. */
interface Table extends Omit<Rows, 'labels'> {
  readonly path: string;
  readonly features: readonly string[];
  readonly classNames: readonly string[];
  readonly lines: readonly number[];
}

async function readTable(folder: DataFolder, file: string, options: Options): Promise<Table> {
  const path = folder.place(file);
  const { header, delimiter, label } = options;
  const all = parseCsv(path, await folder.read(file), delimiter);
  const names = all[0].record.map((name, index) => (header ? name.trim() : String(index)));
  const rows = header ? all.slice(1) : all;
  if (rows.length === 0) throw new QfxError(path, 'has no rows');
  const labelColumn = columnOf(path, names, label, header);
  const columns =
    options.features?.map((feature) => columnOf(path, names, feature, header)) ??
    names.map((_, index) => index).filter((index) => index !== labelColumn);
  if (columns.length === 0) throw new QfxError(path, 'has no features, only the label');
  const values = new Float64Array(rows.length * columns.length);
  rows.forEach(({ record, line }, row) =>
    columns.forEach((column, feature) => {
      const text = record[column].trim();
      const value = text === '' ? NaN : Number(text);
      if (!Number.isFinite(value))
        throw new QfxError(
          `${path}, line ${line}, column "${names[column]}"`,
          `found ${JSON.stringify(text)}; a number is needed (the option features names the columns to read)`,
        );
      values[row * columns.length + feature] = value;
    }),
  );
  return {
    path,
    values,
    count: columns.length,
    features: columns.map((column) => names[column]),
    classNames: rows.map(({ record }) => record[labelColumn].trim()),
    lines: rows.map(({ line }) => line),
  };
}

function parseCsv(path: string, bytes: Uint8Array, delimiter: string): { record: string[]; line: number }[] {
  try {
    const rows = parse(Buffer.from(bytes), { bom: true, delimiter, info: true, skip_empty_lines: true });
    const found = rows as unknown as { record: string[]; info: { lines: number } }[];
    if (found.length === 0) throw new Error('it has no rows');
    return found.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (cause) {
    throw new QfxError(path, `cannot be read as a table: ${(cause as Error).message}`, { cause });
  }
}

function columnOf(path: string, names: readonly string[], wanted: Column, header: boolean): number {
  const column = typeof wanted === 'string' ? names.indexOf(wanted) : wanted;
  const known = header ? names.join(', ') : `0 to ${names.length - 1} (there is no header)`;
  if (column < 0 || column >= names.length || (typeof wanted === 'string' && !header))
    throw new QfxError(
      path,
      `has no column ${JSON.stringify(wanted)}; its columns are ${known}` +
        (names.length === 1 ? ' (the option delimiter says what stands between columns)' : ''),
    );
  return column;
}

/** In the order of numbers where all of them are numbers, else of the alphabet. */
function classNames(found: readonly string[]): string[] {
  const names = [...new Set(found)].sort();
  return names.every((name) => name !== '' && Number.isFinite(Number(name)))
    ? names.sort((a, b) => Number(a) - Number(b))
    : names;
}

function withLabels({ values, count, ...table }: Table, classes: readonly string[]): Rows {
  const indices = new Map(classes.map((name, index) => [name, index]));
  const labels = table.classNames.map((name, row) => {
    const label = indices.get(name);
    if (label === undefined || name === '')
      throw new QfxError(
        `${table.path}, line ${table.lines[row]}`,
        `found class ${JSON.stringify(name)}; the classes are ${classes.join(', ')}`,
      );
    return label;
  });
  return { values, count, labels };
}
