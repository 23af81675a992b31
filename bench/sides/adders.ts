import { readFile } from 'node:fs/promises';
import { optimizeAdderGraph } from 'qfx';
import { Stopwatch, takeTurns } from '../harness/turns.js';

/** What a process of this program optimises: matrices in a JSON file. */
export interface AddersOptions {
  readonly file: string;
  /** How often a round goes through them. */
  readonly passes: number;
  /** Rounds are long: the first one counts. */
  readonly cold: boolean;
}

const { file, passes, cold } = JSON.parse(process.argv[2]) as AddersOptions;
const matrices = JSON.parse(await readFile(file, 'utf8')) as number[][][];

await takeTurns(
  () => {
    const watch = new Stopwatch();
    let adders = 0;
    for (let pass = 0; pass < passes; pass++)
      for (const matrix of matrices) adders += optimizeAdderGraph(matrix).operations.length;
    const count = passes * matrices.length;
    return { adders: adders / count, 'CPU ms': watch.read(count)['CPU ms'] };
  },
  { cold },
);
