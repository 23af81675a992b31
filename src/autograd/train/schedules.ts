import { z } from 'zod';

const rate = z.number().positive();
const warmUpSteps = z.int().min(0).default(20);

/** Learning rate over a run; `warmUpSteps` rise linearly to the rate. */
export const learningRateSchema = z.discriminatedUnion('schedule', [
  z.strictObject({ schedule: z.literal('constant'), rate, warmUpSteps }),
  /** Half a cosine from `rate` after the warm-up to `final` at the last step. */
  z.strictObject({ schedule: z.literal('cosine'), rate, warmUpSteps, final: z.number().min(0).default(0) }),
  /** Multiplied by `factor` at each of these fractions of the run. */
  z.strictObject({
    schedule: z.literal('step'),
    rate,
    warmUpSteps,
    factor: z.number().positive().default(0.1),
    at: z.array(z.number().gt(0).lt(1)).min(1),
  }),
]);
export type LearningRateSchedule = z.infer<typeof learningRateSchema>;

/** The learning rate of a step (0-based) of a run of `steps` steps. */
export function learningRateAt(schedule: LearningRateSchedule, step: number, steps: number): number {
  const { warmUpSteps } = schedule;
  if (step < warmUpSteps) return (schedule.rate * (step + 1)) / (warmUpSteps + 1);
  switch (schedule.schedule) {
    case 'constant':
      return schedule.rate;
    case 'cosine': {
      const progress = (step - warmUpSteps) / Math.max(1, steps - warmUpSteps);
      return schedule.final + ((schedule.rate - schedule.final) * (1 + Math.cos(Math.PI * progress))) / 2;
    }
    case 'step':
      return schedule.rate * schedule.factor ** schedule.at.filter((fraction) => step >= fraction * steps).length;
  }
}
