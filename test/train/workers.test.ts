import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { initializeBackend } from '../../src/autograd/backend.js';
import { withoutQuantizers } from '../../src/autograd/quantizer.js';
import { tf } from '../../src/autograd/tensorflow.js';
import { readCheckpoint } from '../../src/autograd/train/checkpoint.js';
import { loadRunDescription } from '../../src/autograd/train/run-description.js';
import type { RunDescription } from '../../src/autograd/train/run-description.js';
import { runDescription } from '../../src/autograd/train/run.js';
import { train } from '../../src/autograd/train/train.js';
import type { WorkerStart } from '../../src/autograd/train/workers/protocol.js';
import { WorkerThread } from '../../src/autograd/train/workers/worker-thread.js';
import { packError, unpackError } from '../../src/threads/packed-error.js';
import { QfxError } from '../../src/qfx/errors.js';
import { bars } from './synthetic.js';
import { readMetrics } from './metrics.js';
import { data, training, network, weightsOf, Ending } from './sharded-network.js';

const noTime = (line: object) => ({ ...line, workers: 0, seconds: 0 });

let folder: string;
beforeAll(() => initializeBackend('wasm'));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qfx-workers-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

const metrics = async (run: string) => (await readMetrics(run)).map(noTime);

/** A whole run, and everything that it leaves. */
async function outcome(
  workers: number,
  { model = network(), ...options }: { model?: tf.LayersModel; epochs?: number } = {},
) {
  const run = join(folder, `${workers} workers`);
  const result = await train({ model, data, ...training, ...options, folder: run, overwrite: true, workers });
  return { result: noTime(result), weights: weightsOf(model), metrics: await metrics(run) };
}

describe('workers', () => {
  it('give identical weights and metrics, whatever their number', async () => {
    const warnings = vi.spyOn(console, 'warn');
    const one = await outcome(1);
    expect(await outcome(2)).toEqual(one);
    expect(await outcome(4)).toEqual(one);
    expect(warnings).not.toHaveBeenCalled();
  });

  it('train without quantizers where the main thread does', async () => {
    const one = await withoutQuantizers(() => outcome(1));
    expect(await withoutQuantizers(() => outcome(2))).toEqual(one);
    expect(one.weights).not.toEqual((await outcome(1)).weights);
  });

  it('continue a run that another number of them has begun', async () => {
    const whole = await outcome(1);
    const run = join(folder, 'parts');
    const session = async (workers: number, until: number) => {
      const model = network();
      const controller = new AbortController();
      const onProgress = ({ step }: { step: number }) => step >= until && controller.abort(new Error('enough'));
      const { signal } = controller;
      const result = train({ model, data, ...training, folder: run, resume: true, workers, signal, onProgress });
      return { result: await result, model };
    };
    await expect(session(2, 5)).rejects.toThrow('enough');
    await expect(session(4, 15)).rejects.toThrow('enough');
    const { result, model } = await session(1, Infinity);
    expect({ result: noTime(result), weights: weightsOf(model), metrics: await metrics(run) }).toEqual(whole);
  });

  it('measure without quantizers, too, and end with the same graph', async () => {
    const many = bars({ train: 330, test: 5000 });
    const run = { name: 'bars', data: () => many, model: () => network(), training };
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    const { accuracy, file } = await runDescription(run, { out: one, workers: 1 });
    const other = await runDescription(run, { out: two, workers: 2 });
    expect(accuracy.float).not.toBe(accuracy.trained);
    expect(other.accuracy).toEqual(accuracy);
    expect((await readFile(other.file)).equals(await readFile(file))).toBe(true);
  });

  it('build the network of a run description by its own code', async () => {
    const warnings = vi.spyOn(console, 'warn');
    const file = join(folder, 'own.mjs');
    await writeFile(file, describedNetwork({ call: 'return x.mul(2);' }));
    const run = { ...(await loadRunDescription(file)), data: () => data };
    // A layer of one's own cannot be frozen: the run fails after everything that workers do.
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    await expect(runDescription(run, { file, out: one, workers: 1 })).rejects.toThrow(/Own has no place/);
    await expect(runDescription(run, { file, out: two, workers: 2 })).rejects.toThrow(/Own has no place/);
    expect(await metrics(join(two, 'own'))).toEqual(await metrics(join(one, 'own')));
    expect(warnings).not.toHaveBeenCalled();
  });

  it.each([
    ['a layer without a name of its class', 'Unnamed', /layer "mine": its class Named is neither QFX's/],
    ['a class that is only known here', 'Named', /Unknown layer: Named/],
    ["a class under another's name", 'QfxRequantize', /its class Named is neither/],
  ])('are refused for a network that they cannot build: %s', async (_, className, message) => {
    class Named extends Ending {
      static override readonly className = className;
    }
    if (className === 'Named') tf.serialization.registerClass(Named);
    const refused = outcome(2, { model: network({ extra: [new Named({ name: 'mine' })] }) });
    await expect(refused).rejects.toThrow(/^workers: 2 cannot compute this run: /);
    await expect(refused).rejects.toThrow(message);
  });

  it('are refused for a network that their own building makes another one', async () => {
    const file = join(folder, 'other.mjs');
    await writeFile(file, describedNetwork({ units: 'isMainThread ? 4 : 5' }));
    const run = { ...(await loadRunDescription(file)), data: () => data };
    await expect(runDescription(run, { file, out: folder, workers: 2 })).rejects.toThrow(
      /^workers: 2 .* another one: layer 2 \(QfxDense\): config: units was 4, now it is 5/,
    );
  });

  it('are refused for a file that has changed since it was loaded', async () => {
    const file = join(folder, 'changed.mjs');
    await writeFile(file, describedNetwork({ call: 'return x.mul(2);' }));
    const run = { ...(await loadRunDescription(file)), data: () => data };
    await writeFile(file, describedNetwork({ call: 'return x.mul(3);' }));
    await expect(runDescription(run, { file, out: folder, workers: 2 })).rejects.toThrow(
      `workers: 2 cannot compute this run: ${file}: has changed since this run loaded it`,
    );
  });

  it('are refused where they would have no shard', async () => {
    await expect(outcome(5)).rejects.toThrow('workers: found 5, allowed: at most one a shard, and shards is 4');
  });

  /** Ends a run after a step, and returns the steps done and the weights. */
  async function interrupt(
    file: string,
    run: RunDescription,
    workers: number | undefined,
    isLast: (step: number) => boolean,
  ) {
    const controller = new AbortController();
    const out = join(folder, `interrupted ${workers}`);
    let steps = 0;
    const onProgress = ({ step }: { step: number }) => {
      steps = step;
      if (isLast(step)) controller.abort(new Error('enough'));
    };
    const { signal } = controller;
    await expect(runDescription(run, { file, out, workers, signal, onProgress })).rejects.toThrow('enough');
    const checkpoint = await readCheckpoint(join(out, 'own', 'checkpoints', 'last.safetensors'));
    return { steps, weights: checkpoint?.weights };
  }

  describe.skipIf(availableParallelism() < 2)('where nobody says how many', () => {
    const training = 'epochs: 10000, batchSize: 30';

    it('join a run that has gone on meanwhile', async () => {
      const warnings = vi.spyOn(console, 'warn');
      const file = join(folder, 'joined.mjs');
      const joined = join(folder, 'joined');
      const call = `if (!isMainThread) writeFileSync(${JSON.stringify(joined)}, ''); return x;`;
      await writeFile(file, describedNetwork({ call, training }));
      const run = { ...(await loadRunDescription(file)), data: () => data };
      const many = await interrupt(file, run, undefined, (step) => step > 20 && existsSync(joined));
      expect(await interrupt(file, run, 1, (step) => step === many.steps)).toEqual(many);
      expect(warnings).not.toHaveBeenCalled();
    });

    it('leave a network that they cannot build to the main thread, and say so', async () => {
      const warnings = vi.spyOn(console, 'warn').mockImplementation(() => {});
      const file = join(folder, 'edited.mjs');
      await writeFile(file, describedNetwork({ call: 'return x.mul(2);', training }));
      const run = { ...(await loadRunDescription(file)), data: () => data };
      await writeFile(file, describedNetwork({ call: 'return x.mul(3);', training }));
      const isLast = (step: number) => step > 20 && warnings.mock.calls.length > 0;
      const many = await interrupt(file, run, undefined, isLast);
      expect(await interrupt(file, run, 1, (step) => step === many.steps)).toEqual(many);
      expect(warnings.mock.calls).toEqual([
        [
          expect.stringMatching(
            /on one thread, with the same result: .*edited.mjs: has changed since this run loaded it/,
          ),
        ],
      ]);
    });

    it('end a run when one of them dies before it has begun', async () => {
      const warnings = vi.spyOn(console, 'warn');
      const file = join(folder, 'early.mjs');
      await writeFile(file, describedNetwork({ training }) + 'if (!isMainThread) process.exit(3);');
      const run = { ...(await loadRunDescription(file)), data: () => data };
      await expect(runDescription(run, { file, out: folder })).rejects.toThrow(
        'worker 1: ended by itself, with status 3',
      );
      expect(warnings).not.toHaveBeenCalled();
    });
  });

  it('are refused for a file that trains where it is imported', async () => {
    const file = join(folder, 'trains.mjs');
    const library = new URL('../../src/autograd/index.ts', import.meta.url).href;
    const training = `
      if (!isMainThread) {
        const { runDescription } = await import('${library}');
        const images = new Uint8Array(64 * 64);
        const part = { images, labels: new Uint8Array(64) };
        const data = { name: 'a', classes: ['a', 'b', 'c'], shape: [8, 8, 1], train: part, test: part, checksum: '' };
        await runDescription({ ...described, data: () => data }, { out: '${folder}' });
      }`;
    await writeFile(
      file,
      describedNetwork({}).replace('export default', 'const described =') + training + ' export default described;',
    );
    const run = { ...(await loadRunDescription(file)), data: () => data };
    await expect(runDescription(run, { file, out: folder, workers: 2 })).rejects.toThrow(
      /^workers: 2 cannot compute this run: .*trains where a worker imports it/,
    );
  });

  it('are asked for one thing at a time', async () => {
    const thread = new WorkerThread(1, { backend: 'none' } as unknown as WorkerStart);
    const asked = thread.train({ kind: 'train', step: 0, shards: [0], trained: [], withoutQuantizers: false });
    await expect(asked).rejects.toThrow('a worker is asked to train before its last reply');
    await expect(thread.isReady).rejects.toThrow('worker 1: failed: backend "none": unknown');
    await thread.end();
  });

  it.each([
    ['in every thread', "throw new TypeError('not today');", 1],
    ['in a worker', "if (!isMainThread) throw new TypeError('not today'); return x;", 2],
  ])('end with the error that one thread would give: one %s', async (_, call, workers) => {
    const file = join(folder, 'throws.mjs');
    await writeFile(file, describedNetwork({ call }));
    const run = { ...(await loadRunDescription(file)), data: () => data };
    const failure = await runDescription(run, { file, out: folder, workers }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).toMatchObject({ name: 'TypeError', message: 'not today' });
  });

  it("hand on QFX's own errors as they are", () => {
    const error = new QfxError('layer "a": output', 'found 3: allowed 2');
    const received = unpackError(structuredClone(packError(error)));
    expect(received).toBeInstanceOf(QfxError);
    expect(received).toEqual(error);
    expect(received).toMatchObject({ where: error.where, stack: error.stack });
  });

  it('end the run when one of them dies', async () => {
    const file = join(folder, 'dies.mjs');
    await writeFile(file, describedNetwork({ call: 'if (!isMainThread) process.exit(7); return x;' }));
    const run = { ...(await loadRunDescription(file)), data: () => data };
    await expect(runDescription(run, { file, out: folder, workers: 2 })).rejects.toThrow(
      'worker 1: ended by itself, with status 7',
    );
  });
});

/** A run description with a layer of its own at the end, as text. */
function describedNetwork({
  units = '4',
  call = 'return x;',
  training = 'epochs: 1, batchSize: 30, shards: 2',
}): string {
  return `
    import { writeFileSync } from 'node:fs';
    import { isMainThread } from 'node:worker_threads';
    export default {
      name: 'own',
      data: 'mnist',
      model({ tf, layers }) {
        class Own extends tf.layers.Layer {
          static className = 'Own';
          call([x]) { ${call} }
        }
        const q = layers({ weights: { wordLength: 5 }, activations: { wordLength: 5 } });
        const image = q.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 });
        const hidden = q.dense({ name: 'hidden', units: ${units} });
        return tf.sequential({ layers: [image, q.flatten(), hidden, q.relu(), q.dense({ name: 'classes', units: 3 }), new Own({})] });
      },
      training: { ${training} },
    };`;
}
