import { join } from 'node:path';
import { exportHls, simulate } from 'qfx/hls';
import { takeTurns } from '../harness/turns.js';
import { temporaryFolder } from '../harness/temporary-folder.js';
import { graphOf } from '../networks.js';

/** What a process of this program compiles: ResNet-8 for the C simulation, and then one image. */
export interface CompileOptions {
  /** A compiler's path or `npm`; default: what is found. */
  readonly compiler?: string;
  /** Nothing is compiled yet; otherwise everything is, and nothing has changed since. */
  readonly cold: boolean;
}

const { compiler, cold } = JSON.parse(process.argv[2]) as CompileOptions;
const folder = temporaryFolder();
const project = join(folder, 'project');
await exportHls(await graphOf('resnet8'), { out: project });

let round = 0;
await takeTurns(
  async () => {
    const cacheFolder = join(folder, cold ? `cache${++round}` : 'cache');
    const started = performance.now();
    await simulate(project, { images: 1, compiler, cacheFolder });
    return { s: (performance.now() - started) / 1e3 };
  },
  { cold },
);
