import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { QfxError } from '../../qfx/errors.js';

/** The files of a run in its folder. */
export function runFiles(folder: string) {
  const checkpoint = (which: string) => join(folder, 'checkpoints', `${which}.safetensors`);
  return {
    graph: join(folder, 'model.safetensors'),
    metrics: join(folder, 'metrics.jsonl'),
    metricsTable: join(folder, 'metrics.csv'),
    last: checkpoint('last'),
    best: checkpoint('best'),
  } as const;
}

/** The folders of a run's front: its checkpoints, and what is made of them at the end. They hold nothing else. */
export function frontFolders(folder: string) {
  return { checkpoints: join(folder, 'checkpoints', 'pareto'), graphs: join(folder, 'pareto') } as const;
}

/** How far the run in a folder got; `nothing`: there is neither a checkpoint nor a graph. */
export type FoundRun = 'nothing' | 'checkpoint' | 'graph' | 'both';

/** Looks for a run in a folder. One with both checkpoint and graph is finished: the graph is written last. */
export async function findRun(folder: string): Promise<FoundRun> {
  const { last, graph } = runFiles(folder);
  const [hasCheckpoint, hasGraph] = await Promise.all([last, graph].map(exists));
  if (hasCheckpoint) return hasGraph ? 'both' : 'checkpoint';
  return hasGraph ? 'graph' : 'nothing';
}

/** What a new session does with a run that its folder holds. */
export interface RunChoice {
  readonly resume?: boolean;
  readonly overwrite?: boolean;
}

/** Throws QfxError when a session would replace a run that nobody said to replace. */
export async function checkRunFolder(folder: string, { resume = false, overwrite = false }: RunChoice): Promise<void> {
  if (resume && overwrite)
    throw new QfxError('--resume', 'goes on with a run, --overwrite replaces it: use one of them');
  if (overwrite) return;
  const found = await findRun(folder);
  if (found === 'nothing' || (resume && found !== 'graph')) return;
  const [state, goOn] =
    found === 'checkpoint' ? ['an unfinished run', '--resume goes on with it, '] : ['a finished run', ''];
  const lacking = resume ? ', and no checkpoint to go on from' : '';
  throw new QfxError(folder, `holds ${state}${lacking}: ${goOn}--overwrite replaces it, another --out keeps it`);
}

/** Removes the files of a run: those of a new one must not lie among them. */
export async function removeRun(folder: string): Promise<void> {
  for (const file of Object.values(runFiles(folder))) await rm(file, { force: true });
  for (const made of Object.values(frontFolders(folder))) await rm(made, { recursive: true, force: true });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
