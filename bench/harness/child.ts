import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { z } from 'zod';
import { NotRun } from './subject.js';
import type { OpenSide, Side } from './subject.js';

/**
 * What a child process says, one JSON object a line: first that it is warm, or what it misses; then, for each line that it
 * reads, the figures of one round. It ends when its standard input does.
 */
const messageSchema = z.union([
  z.strictObject({ ready: z.strictObject({ versions: z.string().optional() }) }),
  z.strictObject({ missing: z.string() }),
  z.strictObject({ figures: z.record(z.string(), z.number().positive()) }),
]);
type Message = z.infer<typeof messageSchema>;

export interface ChildProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A side that is a process which stays alive and works only when it is its turn. */
export function childSide(program: ChildProgram | (() => Promise<ChildProgram> | ChildProgram)): Side {
  return {
    async open(signal) {
      const { command, args, env } = typeof program === 'function' ? await program() : program;
      const child = new Child(command, args, env, signal);
      try {
        const first = await child.next();
        if ('missing' in first) throw new NotRun(first.missing);
        if (!('ready' in first)) throw new Error(`${command} ${args[0]}: figures before it was ready`);
        return child.opened(first.ready.versions);
      } catch (error) {
        await child.close();
        throw error;
      }
    },
  };
}

class Child {
  private readonly process;
  private readonly lines: AsyncIterator<string>;

  constructor(
    private readonly command: string,
    private readonly args: readonly string[],
    env: ChildProgram['env'],
    signal: AbortSignal,
  ) {
    // Not its buffer: the last words of standard error are enough to say why it failed.
    this.process = execa(command, args, {
      ...{ stdin: 'pipe', stdout: 'pipe', stderr: 'pipe', buffer: { stdout: false, stderr: true }, reject: false },
      ...{ env, cancelSignal: signal, forceKillAfterDelay: 500 },
    });
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  async next(): Promise<Message> {
    const { value, done } = await this.lines.next();
    if (!done) return messageSchema.parse(JSON.parse(value));
    const { shortMessage, stderr } = await this.process;
    const words = String(stderr).trim().split('\n').slice(-3).join(' | ');
    throw new Error(`${shortMessage ?? `${this.command} ${this.args[0]} ended`}${words === '' ? '' : `: ${words}`}`);
  }

  opened(versions: string | undefined): OpenSide {
    return {
      versions,
      round: async () => {
        this.process.stdin.write('\n');
        const message = await this.next();
        if ('figures' in message) return message.figures;
        throw new Error(`${this.command} ${this.args[0]}: ${JSON.stringify(message)} in place of figures`);
      },
      close: () => this.close(),
    };
  }

  async close(): Promise<void> {
    this.process.stdin.end();
    const end = setTimeout(() => this.process.kill('SIGKILL'), 2000);
    await this.process;
    clearTimeout(end);
  }
}
