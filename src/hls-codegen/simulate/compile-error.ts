import { QfxError } from '../../qfx/errors.js';
import type { Compiler } from './compiler.js';

/** A compiler may write thousands of lines; the first ones tell. */
const shownLines = 15;

/** What a user sees when a compiler fails. */
export function compileError(
  where: string,
  compiler: Compiler,
  result: { readonly errorText: string; readonly ending: string },
): QfxError {
  const lines = result.errorText.trimEnd().split('\n');
  const shown = lines.slice(0, shownLines).join('\n');
  const rest = lines.length > shownLines ? `\n... (${lines.length - shownLines} more lines)` : '';
  return new QfxError(where, `does not compile with ${compiler.version}:\n${shown || result.ending}${rest}`);
}
