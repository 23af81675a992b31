import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { QfxError } from '../qfx/errors.js';
import { parseBoard } from '../qfx/hardware/board.js';
import type { Board } from '../qfx/hardware/board.js';
import { packageRoot } from '../package-root.js';

/** The file in a board's folder that describes it. */
const boardFileName = 'board.json';

/** Names of the boards that QFX brings along. */
export async function knownBoards(): Promise<string[]> {
  const entries = await readdir(join(packageRoot(), 'boards'), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/**
 * Finds a board.
 * @param board the name of a board that QFX brings along, or the path of a `board.json` or of the folder that holds it
 * @throws QfxError that lists the known names, or says what is wrong with the file
 */
export async function loadBoard(board: string): Promise<Board> {
  const known = await knownBoards();
  if (known.includes(board)) return readBoard(join(packageRoot(), 'boards', board, boardFileName));
  const found = await stat(board).catch(() => undefined);
  if (!found) {
    const allowed = `known: ${known.join(', ')}; or the path of a ${boardFileName} or of its folder`;
    throw new QfxError(`board "${board}"`, `there is no such board or file; ${allowed}`);
  }
  return readBoard(found.isDirectory() ? join(board, boardFileName) : board);
}

async function readBoard(file: string): Promise<Board> {
  return parseBoard(await readJson(file), file);
}

/** The content of a JSON file; QfxError names the file that can't be read or is no JSON. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new QfxError(file, `cannot be read as JSON (${(error as Error).message})`, { cause: error });
  }
}
