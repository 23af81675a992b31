import { QfxError } from '../../errors.js';

/** A constant matrix: rows are inputs, columns are outputs, all entries safe integers. */
export type ConstantMatrix = readonly (readonly number[])[];

/**
 * Takes a value for a constant matrix. Throws QfxError unless it is an array of rows of the same length, all of safe
 * integers; the message names the row and the column, counted from 0.
 */
export function parseConstantMatrix(value: unknown, where: string): ConstantMatrix {
  if (!Array.isArray(value)) throw new QfxError(where, `found ${nameOf(value)}, needed: an array of rows`);
  value.forEach((row: unknown, index) => {
    if (!Array.isArray(row)) throw new QfxError(where, `row ${index} is ${nameOf(row)}, needed: an array of integers`);
    if (row.length !== value[0].length)
      throw new QfxError(
        where,
        `row ${index} has ${row.length} entries, row 0 has ${value[0].length}: all rows need as many`,
      );
    const column = row.findIndex((entry) => !Number.isSafeInteger(entry));
    if (column < 0) return;
    const found = typeof row[column] === 'number' ? String(row[column]) : nameOf(row[column]);
    throw new QfxError(where, `row ${index}, column ${column} is ${found}, needed: an integer within +-(2^53 - 1)`);
  });
  return value as ConstantMatrix;
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
