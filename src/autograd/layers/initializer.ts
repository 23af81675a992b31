import { z } from 'zod';
import { tf } from '../tensorflow.js';

const initializers = {
  heNormal: tf.initializers.heNormal,
  heUniform: tf.initializers.heUniform,
  glorotNormal: tf.initializers.glorotNormal,
  glorotUniform: tf.initializers.glorotUniform,
  leCunNormal: tf.initializers.leCunNormal,
  leCunUniform: tf.initializers.leCunUniform,
};
const names = Object.keys(initializers) as (keyof typeof initializers)[];

/** How a kernel starts: a distribution by name, repeatable with a seed. */
export const initializerSchema = z.strictObject({
  name: z.enum(names).default('heNormal'),
  seed: z.int().nonnegative().optional(),
});
export type InitializerConfig = z.output<typeof initializerSchema>;

/** The tensor library's initialiser for a configuration. */
export function makeInitializer({ name, seed }: InitializerConfig): ReturnType<typeof tf.initializers.heNormal> {
  return initializers[name]({ seed });
}
