import { execa } from 'execa';

/** Loads the binding and runs one of QFX's operations: nothing passes a ReLU's gradient at -1 and 0, all does at 2. */
const program = `
const binding = require(process.argv[1]);
const tensor = (values) => binding.createTensor([values.length], binding.TF_FLOAT, Float32Array.from(values));
const [{ id }] = binding.executeOp('QfxWithinGrad', [], [[-1, 0, 2], [5, 6, 7], [2 ** -149, Infinity]].map(tensor), 1);
const found = String(binding.tensorDataSync(id));
if (found !== '0,0,7') throw new Error('a gradient is ' + found + ', expected 0,0,7');
`;

/**
 * Tries the native backend in a process of its own, which may die of it.
 * @param binding the file that is loaded
 * @returns what is wrong; undefined when it works
 */
export async function checkBinding(binding: string, signal?: AbortSignal): Promise<string | undefined> {
  const { failed, all, shortMessage } = await execa(process.execPath, ['-e', program, binding], {
    reject: false,
    stdin: 'ignore',
    cancelSignal: signal,
    env: { TF_CPP_MIN_LOG_LEVEL: '2' },
    all: true,
  });
  signal?.throwIfAborted();
  if (!failed) return undefined;
  return (
    all
      .split('\n')
      .find((line) => line.startsWith('Error: '))
      ?.slice('Error: '.length) ??
    shortMessage ??
    all
  );
}
