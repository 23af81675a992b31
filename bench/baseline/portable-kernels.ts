import type { tf as TensorFlow } from 'qfx/autograd';

const warnings: string[] = [];

/**
 * The baseline of training: QFX's portable kernels, with the gradients of convolutions as convolutions. Without our kernels
 * in WebAssembly that is the fastest form we know on the wasm backend. They are what QFX computes with where the backend does
 * not show its memory, so this hides it. Call it after the backend has started.
 */
export function usePortableKernels(tf: typeof TensorFlow): void {
  const { wasm } = tf.backend() as unknown as { wasm: { asm: object } };
  wasm.asm = { ...wasm.asm, memory: undefined };
  console.warn = (...words: unknown[]) => void warnings.push(words.join(' '));
}

/** Throws unless QFX has noticed: a baseline that is not one must not be measured. */
export function requirePortableKernels(): void {
  if (!warnings.some((text) => text.includes('fast kernels are off')))
    throw new Error('the kernels in WebAssembly are still in use: this is not the baseline');
}
