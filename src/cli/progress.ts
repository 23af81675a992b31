import { SingleBar } from 'cli-progress';

/** The state of a long piece of work, shown to a person. */
export interface Progress {
  /** `done` of the total; `details` are a few words such as a loss. */
  update(done: number, details?: string): void;
  stop(): void;
}

const secondsBetweenPlainLines = 10;

/** A bar with the time left on a terminal; a line every ten seconds elsewhere. Always on standard error. */
export function createProgress(title: string, total: number): Progress {
  return process.stderr.isTTY ? createBar(title, total) : createLines(title, total);
}

function createBar(title: string, total: number): Progress {
  const bar = new SingleBar({
    format: `${title} {bar} {percentage}% | {value}/{total} | {eta_formatted} left {details}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    stream: process.stderr,
    etaBuffer: 50,
  });
  bar.start(total, 0, { details: '' });
  return {
    update: (done, details = '') => bar.update(done, { details }),
    stop: () => bar.stop(),
  };
}

function createLines(title: string, total: number): Progress {
  let last = performance.now();
  /** The first update: a run that goes on does not begin at 0. */
  let first: { readonly at: number; readonly done: number } | undefined;
  return {
    update(done, details = '') {
      const now = performance.now();
      first ??= { at: now, done };
      if (now - last < secondsBetweenPlainLines * 1e3 || done === first.done) return;
      last = now;
      const left = Math.round(((now - first.at) / 1e3 / (done - first.done)) * (total - done));
      process.stderr.write(`${title}: ${done}/${total}, ${left} s left ${details}\n`);
    },
    stop() {},
  };
}
