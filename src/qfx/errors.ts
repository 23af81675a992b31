/**
 * An error that a user can act on: says where (file, layer, key), what was found, what is allowed.
 * Command lines print its message without a stack trace and exit with status 1.
 */
export class QfxError extends Error {
  override name = 'QfxError';

  constructor(
    /** Where it went wrong, for example `layer "conv1"` or `model.safetensors: node "add"`. */
    readonly where: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`${where}: ${message}`, options);
  }
}

/** What `attempt` gives; `otherwise` where it ends with a QfxError. Any other error stays one. */
export function unlessRefused<Result>(attempt: () => Result, otherwise: Result): Result {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof QfxError) return otherwise;
    throw error;
  }
}
