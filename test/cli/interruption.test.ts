import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCompiler, requireOracle } from '../support/oracles.js';
import { tinyNetwork } from './networks.js';
import { Terminal } from './support.js';

const isWindows = process.platform === 'win32';

/** A run that nobody waits for: thousands of epochs on noise. */
const endlessRun = `
  const part = { images: new Uint8Array(6400), labels: new Uint8Array(100) };
  export default {
    name: 'endless',
    data: () => ({ name: 'dark', classes: ['a', 'b'], shape: [8, 8, 1], train: part, test: part, checksum: 'none' }),
    model: ({ tf, layers }) => {
      const q = layers({ weights: { wordLength: 4 }, activations: { wordLength: 4 } });
      const input = q.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 });
      return tf.sequential({ layers: [input, q.flatten({ name: 'flat' }), q.dense({ name: 'classes', units: 2 })] });
    },
    training: { epochs: 10000, batchSize: 10 },
  };`;

let terminal: Terminal;
beforeAll(async () => {
  terminal = await Terminal.open();
  await terminal.save(tinyNetwork({ shape: [28, 28, 1], classes: 10, provenance: { data: { name: 'mnist' } } }));
  await terminal.document(['export-hls', 'graph.safetensors', '--out', 'hls']);
  await terminal.write('endless.mjs', endlessRun);
});
afterAll(() => terminal.close());

/** Starts a command, presses Ctrl-C (or kills it) once `ready` says so, and returns how it ended. */
async function interrupt(
  args: readonly string[],
  ready: () => Promise<boolean>,
  signal: 'SIGINT' | 'SIGTERM' = 'SIGINT',
) {
  const child = terminal.start(args);
  let ended = false;
  void child.then(() => (ended = true));
  for (let waited = 0; !(await ready()) && !ended && waited < 60_000; waited += 50) await delay(50);
  const pressed = performance.now();
  if (!ended) process.kill(-child.pid!, signal);
  const { exitCode, stdout, stderr } = await child;
  return { exitCode, stdout, stderr, seconds: (performance.now() - pressed) / 1e3 };
}

describe.skipIf(isWindows)('Ctrl-C ends with status 130 and leaves nothing half-written:', () => {
  it('csim', async (context) => {
    requireOracle(context, findCompiler());
    const args = ['csim', 'hls', '--images', '1000000', '--json'];
    const { exitCode, stdout, stderr, seconds } = await interrupt(args, async () =>
      (await terminal.leftovers()).some((name) => name.startsWith('qfx-simulation-')),
    );
    expect([exitCode, stderr]).toEqual([130, 'qfx: interrupted']);
    expect(JSON.parse(stdout)).toEqual({ error: 'interrupted' });
    expect(seconds).toBeLessThan(10);
    expect(await terminal.leftovers()).toEqual([]);
    expect(await terminal.list()).toEqual(['endless.mjs', 'graph.safetensors', 'hls']);
  });

  it('train, with a state to continue from and workers that end', async () => {
    const { exitCode, stdout, stderr, seconds } = await interrupt(
      ['train', 'endless.mjs', '--workers', '2'],
      async () => existsSync(terminal.place('out/endless/checkpoints/last.safetensors')),
    );
    expect([exitCode, stdout], stderr).toEqual([130, '']);
    expect(stderr).toMatch(/--resume continues from there\nqfx: interrupted$/);
    expect(seconds).toBeLessThan(10);
    expect(await terminal.list('out/endless')).toEqual(['checkpoints', 'metrics.csv', 'metrics.jsonl']);
    const checkpoints = await terminal.list('out/endless/checkpoints');
    expect(checkpoints).toContain('last.safetensors');
    for (const file of checkpoints) expect(file).toMatch(/^(last|best)\.safetensors$/);
    // It does continue: past the checks of the checkpoint, until the next Ctrl-C.
    const state = terminal.place('out/endless/checkpoints/last.safetensors');
    const { mtimeMs } = await stat(state);
    const again = await interrupt(
      ['train', 'endless.mjs', '--resume'],
      async () => (await stat(state)).mtimeMs > mtimeMs,
    );
    expect(again.exitCode, again.stderr).toBe(130);
    // What kills a process softly, as systems do before they stop, has a status of its own.
    const before = (await stat(state)).mtimeMs;
    const resumed = ['train', 'endless.mjs', '--resume'];
    const killed = await interrupt(resumed, async () => (await stat(state)).mtimeMs > before, 'SIGTERM');
    expect(killed.exitCode, killed.stderr).toBe(143);
  });
});
