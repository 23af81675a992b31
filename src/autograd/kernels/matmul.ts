import { elementCount } from '../../qfx/number/shape.js';
import type { HeapKernel } from '../tensorflow-heap.js';
import type { ComposedKernel, KernelInputs, KernelRunner } from '../tensorflow-kernels.js';
import type { Assembly } from './assembly.js';
import { multiplyMatrices, multiplyTransposed } from './correlation.js';

interface MatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * Matrix products on the wasm backend with explicit transposes: its own transposed path is slow, and with a fused bias or
 * activation wrong when the inner dimension exceeds 48.
 */
function transposedFirst(name: string): ComposedKernel<MatMulAttributes> {
  return {
    name,
    compose(inputs, attributes, kernels) {
      const a = attributes.transposeA ? transpose(inputs.a, kernels) : inputs.a;
      const b = attributes.transposeB ? transpose(inputs.b, kernels) : inputs.b;
      const operands: KernelInputs = { ...inputs, a, b };
      const product = kernels.runReplaced(operands, { ...attributes, transposeA: false, transposeB: false });
      if (a !== inputs.a) kernels.free(a);
      if (b !== inputs.b) kernels.free(b);
      return product;
    },
  };
}

export const matMulKernel = transposedFirst('BatchMatMul');
export const fusedMatMulKernel = transposedFirst('_FusedMatMul');

/** Swaps the last two axes. */
function transpose(x: KernelInputs[string], kernels: KernelRunner) {
  const axes = x.shape.map((_, axis) => axis);
  const perm = [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
  return kernels.run('Transpose', { x }, { perm });
}

/** Below, and with nothing transposed, what the library keeps from call to call is worth more. */
const fewestRows = 128;

/** Matrix products on the heap: a [..., rows, inner], b [..., inner, columns], or one of them transposed. */
export const matMulHeapKernel: HeapKernel<MatMulAttributes, Assembly> = {
  name: matMulKernel.name,
  inputs: ['a', 'b'],
  serves: ([a, b], { transposeA, transposeB }) =>
    !(transposeA && transposeB) &&
    `${a.slice(0, -2)}` === `${b.slice(0, -2)}` &&
    elementCount(a) * elementCount(b) > 0 &&
    (transposeA || transposeB || a[a.length - 2] >= fewestRows),
  outputShapes: ([a, b], { transposeA, transposeB }) => [
    [...a.slice(0, -2), a[a.length - (transposeA ? 1 : 2)], b[b.length - (transposeB ? 2 : 1)]],
  ],
  compute(call) {
    const { inputs, outputs, inputShapes, outputShapes, attributes } = call;
    const [rowsOfA, columnsOfA] = inputShapes[0].slice(-2);
    const [rows, columns] = outputShapes[0].slice(-2);
    const count = elementCount(outputShapes[0]) / (rows * columns);
    const inner = attributes.transposeA ? rowsOfA : columnsOfA;
    for (let index = 0; index < count; index++) {
      const a = inputs[0] + index * rows * inner * 4;
      const b = inputs[1] + index * inner * columns * 4;
      const target = outputs[0] + index * rows * columns * 4;
      if (attributes.transposeA) multiplyTransposed(call, a, inner, rows, b, columns, target);
      else multiplyMatrices(call, a, rows, inner, b, columns, attributes.transposeB, target);
    }
  },
};
