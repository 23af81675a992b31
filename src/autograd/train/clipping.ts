import { z } from 'zod';

/** One of two ways: `globalNorm` scales all gradients together, `value` cuts each component. */
export const gradientClippingSchema = z
  .strictObject({ globalNorm: z.number().positive().optional(), value: z.number().positive().optional() })
  .refine(({ globalNorm, value }) => (globalNorm === undefined) !== (value === undefined), {
    message: 'needs either globalNorm or value',
  });
export type GradientClipping = z.infer<typeof gradientClippingSchema>;

/** The Euclidean norm over all components of all gradients. */
export function globalNorm(gradients: readonly Float32Array[]): number {
  let sum = 0;
  for (const gradient of gradients) for (const component of gradient) sum += component * component;
  return Math.sqrt(sum);
}

/** Clips gradients in place. */
export function clipGradients(gradients: readonly Float32Array[], clipping: GradientClipping): void {
  const { globalNorm: maximumNorm, value } = clipping;
  if (value !== undefined)
    for (const gradient of gradients)
      for (let index = 0; index < gradient.length; index++)
        gradient[index] = Math.min(value, Math.max(-value, gradient[index]));
  if (maximumNorm === undefined) return;
  const norm = globalNorm(gradients);
  if (norm <= maximumNorm) return;
  const scale = maximumNorm / norm;
  for (const gradient of gradients) for (let index = 0; index < gradient.length; index++) gradient[index] *= scale;
}
