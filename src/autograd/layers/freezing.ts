let isOn = false;

/** Runs `body`, an inference over a model; every quantizer that it meets is frozen on the values that come by. */
export function whileFreezing(body: () => void): void {
  isOn = true;
  try {
    body();
  } finally {
    isOn = false;
  }
}

/** True inside of `whileFreezing`. */
export function isFreezing(): boolean {
  return isOn;
}
