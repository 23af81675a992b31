import type { ComposedKernel, KernelInputs, KernelRunner } from '../tensorflow.js';

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
