import { Worker } from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';
import { QfxError } from '../qfx/errors.js';

interface Waiting<Reply> {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** A worker thread as the thread that started it sees it: replies come in the order of what they answer. */
export class Thread<Request, Reply> {
  private readonly waiting: Waiting<Reply>[] = [];
  private failure: Error | undefined;
  private readonly worker: Worker;

  /**
   * @param where names the thread in errors
   * @param program the module that it runs, a URL beside the caller's own that ends in `.js`
   */
  constructor(
    private readonly where: string,
    program: URL,
    options: Pick<WorkerOptions, 'workerData' | 'stdout'>,
  ) {
    this.worker = new Worker(entry(program), { ...options, execArgv: [] });
    if (options.stdout === true) this.worker.stdout.resume(); // nobody reads it
    this.worker.on('message', (reply: Reply) => this.waiting.shift()?.resolve(reply));
    this.worker.on('error', (cause: Error) => this.fail(`failed: ${cause.message}`, cause));
    this.worker.on('exit', (status) => this.fail(`ended by itself, with status ${status}`));
  }

  /** Asks for something; `reply` to it. */
  ask(request: Request): Promise<Reply> {
    const reply = this.reply();
    if (this.failure === undefined) this.worker.postMessage(request);
    return reply;
  }

  /**
   * The next reply that nobody waits for yet, such as one that a thread gives unasked when it has started.
   * @throws QfxError when the thread has failed or ended
   */
  reply(): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.failure === undefined) this.waiting.push({ resolve, reject });
      else reject(this.failure);
    });
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }

  /** Whoever waits for the thread, now or later, hears of it. */
  private fail(message: string, cause?: Error): void {
    this.failure ??= new QfxError(this.where, message, { cause });
    for (const { reject } of this.waiting.splice(0)) reject(this.failure);
  }
}

/** In QFX's sources, on which its own tests run, a program is TypeScript and needs a loader first. */
function entry(program: URL): URL {
  if (!import.meta.url.endsWith('.ts')) return program;
  const loader = import.meta.resolve('tsx/esm/api');
  const source = program.href.replace(/\.js$/, '.ts');
  const text = `import { register } from '${loader}'; register(); await import('${source}');`;
  return new URL(`data:text/javascript,${encodeURIComponent(text)}`);
}
