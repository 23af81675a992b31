/**
 * Runs tasks, at most `limit` at a time, and returns their results in order. A failure ends the other tasks through the
 * signal that each one gets, and is thrown when all are over.
 */
export async function runPool<Result>(
  tasks: readonly ((signal: AbortSignal) => Promise<Result>)[],
  limit: number,
  signal?: AbortSignal,
): Promise<Result[]> {
  const results = new Array<Result>(tasks.length);
  const failure = new AbortController();
  const either = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  let next = 0;
  const worker = async () => {
    while (next < tasks.length && !either.aborted) {
      const index = next++;
      try {
        results[index] = await tasks[index](either);
      } catch (error) {
        failure.abort(error); // what others throw after the first failure is its echo: only the first reason stays
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, tasks.length) }, worker));
  either.throwIfAborted();
  return results;
}
