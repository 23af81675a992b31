import { join } from 'node:path';
import { loadGraph, summarizeGraph } from 'qfx';
import { exportHls, simulate } from 'qfx/hls';
import { cpuSecondsOfFamily, takeTurns } from '../harness/turns.js';
import { temporaryFolder } from '../harness/temporary-folder.js';
import { graphOf } from '../networks.js';
import type { NetworkName } from '../networks.js';

/** What a process of this program simulates: so many images of an exported network, outputs compared. */
export interface CSimulationOptions {
  readonly network: NetworkName;
  readonly images: number;
  /** A compiler's path or `npm`; default: what is found. */
  readonly compiler?: string;
  /** Folder of AMD's headers; default: the project's own. */
  readonly headers?: string;
}

const { network, images, compiler, headers } = JSON.parse(process.argv[2]) as CSimulationOptions;
const folder = temporaryFolder();
const graph = await graphOf(network);
const { multiplications } = summarizeGraph(loadGraph(graph).graph);
await exportHls(graph, { out: join(folder, 'project') });

await takeTurns(async () => {
  // From the moment when program and expected values are there: what is measured is the simulation, its process included.
  let before = cpuSecondsOfFamily();
  const result = await simulate(join(folder, 'project'), {
    images,
    layersFor: 1,
    compiler,
    headers,
    cacheFolder: join(folder, 'cache'),
    onProgress: (stage) => {
      if (stage !== 'simulate') before = cpuSecondsOfFamily();
    },
  });
  const seconds = cpuSecondsOfFamily() - before;
  if (result.mismatches > 0) throw new Error(`${result.mismatches} mismatches`);
  return { 'images/s': images / seconds, 'G MAC/s': (images * multiplications) / seconds / 1e9 };
});
