import { readFile } from 'node:fs/promises';
import { optimizeAdderGraph } from 'qfx';
import { Stopwatch, takeTurns } from '../harness/turns.js';

/** What a process of this program optimises: matrices in a JSON file. */
export interface AddersOptions {
  readonly file: string;
  /** Rounds are long: the first one counts. */
  readonly cold: boolean;
}

const { file, cold } = JSON.parse(process.argv[2]) as AddersOptions;
const matrices = JSON.parse(await readFile(file, 'utf8')) as number[][][];

await takeTurns(
  () => {
    const watch = new Stopwatch();
    const graphs = matrices.map((matrix) => optimizeAdderGraph(matrix));
    const { 'CPU ms': time } = watch.read(matrices.length);
    const adders = graphs.reduce((sum, { operations }) => sum + operations.length, 0);
    return { adders: adders / matrices.length, 'CPU ms': time };
  },
  { cold },
);
