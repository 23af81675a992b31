import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { z } from 'zod';
import { NotRun } from './subject.js';
import type { Figures, OpenSide, Side } from './subject.js';

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

interface ChildProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** How long a process may take to end, in milliseconds. */
const patience = 2000;

/** A side that is a process which stays alive and works only when it is its turn. */
export function childSide(program: ChildProgram | (() => Promise<ChildProgram> | ChildProgram)): Side {
  return {
    async open(signal) {
      const { command, args, env } = typeof program === 'function' ? await program() : program;
      const child = new Child(command, args, env, signal);
      try {
        return await child.open();
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
  /** What messages call it: its script. */
  private readonly name: string;

  constructor(command: string, args: readonly string[], env: ChildProgram['env'], signal: AbortSignal) {
    this.name = basename(args.find((argument) => /\.(ts|py|mjs)$/.test(argument)) ?? command);
    this.process = execa(command, args, {
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
      buffer: { stdout: false, stderr: true },
      reject: false,
      env,
      cancelSignal: signal,
      forceKillAfterDelay: patience,
    });
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  async next(): Promise<Message> {
    const { value, done } = await this.lines.next();
    if (!done) return this.parse(value);
    const { exitCode, signal, stderr } = await this.process;
    const words = stderr.trim().split('\n').slice(-3).join(' | ');
    const ending = signal === undefined ? `status ${exitCode}` : signal;
    throw new Error(`${this.name} ended (${ending})${words === '' ? '' : `: ${words}`}`);
  }

  private parse(line: string): Message {
    try {
      return messageSchema.parse(JSON.parse(line));
    } catch (cause) {
      throw new Error(`${this.name} says what is no message: ${line.slice(0, 200)}`, { cause });
    }
  }

  /** Waits until it is warm. */
  async open(): Promise<OpenSide> {
    const message = await this.next();
    if ('missing' in message) throw new NotRun(message.missing);
    if (!('ready' in message)) throw new Error(`${this.name}: figures before it was ready`);
    return { versions: message.ready.versions, round: () => this.round(), close: () => this.close() };
  }

  private async round(): Promise<Figures> {
    this.process.stdin.write('\n');
    const message = await this.next();
    if ('figures' in message) return message.figures;
    throw new Error(`${this.name}: ${JSON.stringify(message)} in place of figures`);
  }

  async close(): Promise<void> {
    this.process.stdin.end();
    const end = setTimeout(() => this.process.kill('SIGKILL'), patience);
    await this.process;
    clearTimeout(end);
  }
}
