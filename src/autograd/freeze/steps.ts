/** Long work in steps: it is computed in the calls of `next`, and between two of them whoever calls may do something else. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** Does all steps at once. */
export function runSteps<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Does one step after the other, and waits for `pause` after each but the last; where that throws, the rest is left undone. */
export async function runStepsWithPauses<Result>(steps: Steps<Result>, pause: () => Promise<void>): Promise<Result> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await pause();
  }
}
