import { readFile } from 'node:fs/promises';
import { loadGraph, QfxError } from '../qfx/index.js';
import type { Network } from '../qfx/index.js';

/** The bytes of a graph's file; throws QfxError naming the file when it cannot be read. */
export async function readGraphFile(fileName: string): Promise<Uint8Array> {
  return readFile(fileName).catch((cause: Error) => {
    throw new QfxError(fileName, `cannot be read (${cause.message})`, { cause });
  });
}

/** A graph that can be run; throws QfxError naming the file and what is wrong with it. */
export async function openGraph(fileName: string): Promise<Network> {
  return loadGraph(await readGraphFile(fileName), { fileName });
}
