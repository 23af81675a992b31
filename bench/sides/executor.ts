import { loadGraph, summarizeGraph } from 'qfx';
import { Stopwatch, takeTurns } from '../harness/turns.js';
import { graphOf, noise } from '../networks.js';
import type { NetworkName } from '../networks.js';

/** What a process of this program computes with the integer executor: so many images, outputs only. */
export interface ExecutorOptions {
  readonly network: NetworkName;
  readonly images: number;
}

const { network: name, images } = JSON.parse(process.argv[2]) as ExecutorOptions;
const network = loadGraph(await graphOf(name));
const { multiplications } = summarizeGraph(network.graph);
const batch = noise(name, images, 1).train.images;

await takeTurns(() => {
  const watch = new Stopwatch();
  network.runBatch(batch, { layers: false });
  const seconds = watch.read(1)['CPU ms'] / 1e3;
  return { 'images/s': images / seconds, 'G MAC/s': (images * multiplications) / seconds / 1e9 };
});
