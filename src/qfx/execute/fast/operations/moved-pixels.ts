import { isUniform } from '../../../number/type.js';
import { isIdentity } from '../cast.js';
import { placeIntegerCasts, placeLaneCast } from '../lowering.js';
import type { Lowered, Lowering } from '../lowering.js';

/** Consecutive pixels of an image that go to every `step`-th pixel of the result. Places are counted in pixels. */
export interface PixelCopy {
  readonly from: number;
  readonly to: number;
  readonly pixels: number;
  readonly step: number;
}

/** Casts pixels right to where they go. What nothing is copied to stays 0, as memory is at first: a cast of 0 is 0. */
export function movedPixels<Attributes>(
  lowering: Lowering<Attributes>,
  copies: readonly PixelCopy[],
): Lowered | undefined {
  const { output, kernels } = lowering;
  const [input] = lowering.inputs;
  if (!isUniform(output.format) || !isUniform(input.format)) return undefined;
  const channels = output.shape[2];
  const placed = (image: number, { from, to }: PixelCopy) => ({
    source: input.address + (image * input.count + from * channels) * 2 ** input.storage,
    target: output.address + (image * output.count + to * channels) * 2 ** output.storage,
  });
  const lanes = input.storage === 3 ? undefined : placeLaneCast(lowering, input.format);
  if (lanes !== undefined) {
    const castRows = (image: number, copy: PixelCopy) => {
      const { source, target } = placed(image, copy);
      const [rows, pixels] = copy.step === 1 ? [1, copy.pixels] : [copy.pixels, 1];
      const [from, to] = [channels, copy.step * channels];
      kernels.castRows(source, input.storage, from, target, output.storage, to, rows, pixels * channels, lanes);
    };
    return { path: isIdentity(input, output) ? 'copy' : 'int32', run: forEachCopy(copies, castRows) };
  }
  const casts = placeIntegerCasts(lowering, input);
  if (!casts) return undefined;
  const castPixels = (image: number, copy: PixelCopy) => {
    for (let pixel = 0; pixel < copy.pixels; pixel++) {
      const moved = { ...copy, from: copy.from + pixel, to: copy.to + pixel * copy.step };
      const { source, target } = placed(image, moved);
      kernels.castIntegers(source, input.storage, target, output.storage, channels, ...casts);
    }
  };
  return { path: 'int64', run: forEachCopy(copies, castPixels) };
}

function forEachCopy(copies: readonly PixelCopy[], work: (image: number, copy: PixelCopy) => void): Lowered['run'] {
  return (images) => {
    for (let image = 0; image < images; image++) for (const copy of copies) work(image, copy);
  };
}
