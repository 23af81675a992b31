import { fileURLToPath } from 'node:url';
import prettier from 'prettier';

/** What a command writes into a page, between two comments. */
export interface GeneratedPart {
  /** The comments, lines of their own. */
  readonly start: string;
  readonly end: string;
  readonly text: string;
}

/**
 * A Markdown page with its generated part renewed, and formatted.
 * @throws Error where the page lacks the comments
 */
export async function renewPart(page: string, { start, end, text }: GeneratedPart): Promise<string> {
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page lacks the lines "${start}" and "${end}"`);
  const renewed = `${page.slice(0, from)}${start}\n\n${text}\n\n${page.slice(to)}`;
  const style = await prettier.resolveConfig(fileURLToPath(import.meta.url));
  return prettier.format(renewed, { ...style, parser: 'markdown' });
}

/** A Markdown table. All columns but the first are aligned as told. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: 'left' | 'right',
): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const alignment = head.map((_, column) => (column > 0 && align === 'right' ? '--:' : '---'));
  return [line(head), line(alignment), ...rows.map(line)].join('\n');
}
