import { compileRealCast } from '../../qfx/number/real.js';
import type { ScalarFunction } from '../scalar-function.js';
import { differentiable, runKernel } from '../tensorflow.js';
import type { PlainKernel } from '../tensorflow-kernels.js';
import type { tf } from '../tensorflow.js';
import { cast } from './cast.js';
import type { CastAttributes, CastPart } from './cast.js';

/** Functions of one number over tensors of fixed-point values, computed in doubles. */

interface FunctionAttributes {
  readonly function: ScalarFunction;
  /** The cast of the double; absent: the nearest float32. */
  readonly cast?: CastAttributes;
}

/** `QfxFunction`: x -> f(x), or cast(f(x)). */
export const functionKernel: PlainKernel<FunctionAttributes> = {
  name: 'QfxFunction',
  inputs: ['x'],
  outputShapes: ([x]) => [x],
  compute: ([x], [y], _shapes, { function: own, cast }) => {
    forEachKnown(x, memoryOf(own).values, own.value, (index, value) => (y[index] = value));
    if (cast === undefined) return;
    const [binaryPoint] = cast.binaryPoints;
    const round = compileRealCast({ ...cast, binaryPoint });
    const step = 2 ** -binaryPoint;
    forEachKnown(x, memoryOf(own).values, own.value, (index, value) => (y[index] = round(value) * step));
  },
};

/** `QfxFunctionGrad`: x, dy -> dy * f'(x). */
export const functionGradientKernel: PlainKernel<FunctionAttributes> = {
  name: 'QfxFunctionGrad',
  inputs: ['x', 'dy'],
  outputShapes: ([x]) => [x],
  compute: ([x, dy], [dx], _shapes, { function: own }) =>
    forEachKnown(x, memoryOf(own).slopes, own.derivative, (index, slope) => (dx[index] = dy[index] * slope)),
};

/** `QfxTable`: x -> table[raw integer of x - first], x raw integers over 2^binaryPoint. For inference only. */
export const tableKernel: PlainKernel<{ table: Float32Array; first: number; binaryPoint: number }> = {
  name: 'QfxTable',
  inputs: ['x'],
  outputShapes: ([x]) => [x],
  compute: ([x], [y], _shapes, { table, first, binaryPoint }) => {
    const scale = 2 ** binaryPoint;
    for (let index = 0; index < x.length; index++) y[index] = table[x[index] * scale - first];
  },
};

/** f(x), differentiable; with the cast of the double where there is one. */
export function applyFunction(x: tf.Tensor, own: ScalarFunction, output?: CastPart): tf.Tensor {
  const real = differentiable(
    [x],
    ([input]) => ({ value: runKernel(functionKernel.name, { x: input }, { function: own })[0], saved: [input] }),
    (dy, [input]) => runKernel(functionGradientKernel.name, { x: input, dy }, { function: own }),
  );
  if (output === undefined) return real;
  const attributes = { function: own, cast: output.attributes };
  return cast(real, output, () => runKernel(functionKernel.name, { x }, attributes)[0]);
}

/**
 * Results by argument: values of a short type, of which there are few. A new argument takes the place of an older one, so
 * that memory does not grow.
 */
interface Memory {
  readonly arguments: Float32Array;
  readonly results: Float64Array;
}

const memorySize = 2 ** 16;
const memories = new WeakMap<ScalarFunction, { readonly values: Memory; readonly slopes: Memory }>();

function memoryOf(own: ScalarFunction) {
  const make = (): Memory => ({
    arguments: new Float32Array(memorySize).fill(NaN),
    results: new Float64Array(memorySize),
  });
  let memory = memories.get(own);
  if (memory === undefined) memories.set(own, (memory = { values: make(), slopes: make() }));
  return memory;
}

function forEachKnown(
  x: Float32Array,
  { arguments: known, results }: Memory,
  compute: (x: number) => number,
  visit: (index: number, result: number) => void,
): void {
  const words = new Uint32Array(x.buffer, x.byteOffset, x.length);
  for (let index = 0; index < x.length; index++) {
    const place = Math.imul(words[index], 0x9e3779b1) >>> 16;
    if (known[place] !== x[index]) {
      results[place] = compute(x[index]);
      known[place] = x[index];
    }
    visit(index, results[place]);
  }
}
