import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTree } from './process-tree.js';
import type { TreeFigures } from './process-tree.js';
import type { Figures, Side } from './subject.js';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Runs `qfx` as users do. */
type Qfx = (...args: readonly string[]) => Promise<TreeFigures>;

/** What a side of commands works in. */
interface CommandPlace {
  /** A temporary folder of its own, new each round, with a cache folder of QFX's in it. */
  readonly folder: string;
  readonly qfx: Qfx;
}

/** A side that runs commands of `qfx`, each round in a new temporary folder with an empty cache. */
export function commandSide(round: (place: CommandPlace) => Promise<Figures>, check?: () => Promise<void>): Side {
  return {
    async open(signal) {
      await check?.();
      return {
        async round() {
          const folder = await mkdtemp(join(tmpdir(), 'qfx-bench-'));
          const env = { XDG_CACHE_HOME: join(folder, 'cache') };
          try {
            return await round({
              folder,
              qfx: (...args) => runTree(process.execPath, [main, ...args], { env, signal }),
            });
          } finally {
            await rm(folder, { recursive: true, force: true, maxRetries: 3 });
          }
        },
        close: () => Promise.resolve(),
      };
    },
  };
}
