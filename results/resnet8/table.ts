import { markdownTable, renewPart } from '../../bench/harness/page.js';
import { rows } from './rows.js';

/** What is measured of a row, as fractions 0..1 of all test images. */
export interface RowResult {
  /** What decided its bits when this was measured. */
  readonly settings: unknown;
  readonly untrained?: number;
  readonly trained?: number;
}

export interface Results {
  readonly float?: number;
  /** The float network after as many steps of fine-tuning. */
  readonly control?: { readonly settings: unknown; readonly accuracy: number };
  readonly rows: Readonly<Record<string, RowResult>>;
}

export const head = ['network', 'without training', 'trained', 'to the float control'];

/** Lines of the table, for terminals and for the page, of the rows that are trained. */
export function tableRows({ float, control, rows: measured }: Results): string[][] {
  return [
    ['float', percent(float), percent(control?.accuracy), ''],
    ...rows.flatMap(({ name, title }) => {
      const { untrained, trained } = measured[name] ?? {};
      if (trained === undefined) return [];
      const isTuned = untrained !== undefined && control !== undefined;
      return [[title, percent(untrained), percent(trained), isTuned ? points(trained - control.accuracy) : '']];
    }),
  ];
}

function percent(fraction: number | undefined): string {
  return fraction === undefined ? '' : `${(100 * fraction).toFixed(2)} %`;
}

function points(difference: number): string {
  return `${difference < 0 ? '-' : '+'}${Math.abs(100 * difference).toFixed(2)}`;
}

const start = '<!-- written by npm run results -- --write-docs -->';
const end = '<!-- end -->';

/**
 * A page with the table, between two comments, renewed.
 * @throws Error where the comments are missing
 */
export function renewPage(page: string, results: Results): Promise<string> {
  return renewPart(page, { start, end, text: markdownTable(head, tableRows(results), 'right') });
}
