import { z } from 'zod';

/** `globalNorm` scales all gradients together; `value` cuts each component. */
export const gradientClippingSchema = z.union([
  z.strictObject({ globalNorm: z.number().positive() }),
  z.strictObject({ value: z.number().positive() }),
]);
export type GradientClipping = z.infer<typeof gradientClippingSchema>;

/** The Euclidean norm over all components of all gradients. */
export function globalNorm(gradients: readonly Float32Array[]): number {
  let sum = 0;
  for (const gradient of gradients) for (const component of gradient) sum += component * component;
  return Math.sqrt(sum);
}

/** Clips gradients in place. */
export function clipGradients(gradients: readonly Float32Array[], clipping: GradientClipping): void {
  if ('value' in clipping) {
    const { value } = clipping;
    for (const gradient of gradients)
      for (let index = 0; index < gradient.length; index++)
        gradient[index] = Math.min(value, Math.max(-value, gradient[index]));
    return;
  }
  const norm = globalNorm(gradients);
  if (norm <= clipping.globalNorm) return;
  const scale = clipping.globalNorm / norm;
  for (const gradient of gradients) for (let index = 0; index < gradient.length; index++) gradient[index] *= scale;
}
