import type { FixedPointFormat } from '../../../number/type.js';
import type { PoolingWindows } from '../../../operations/pooling.js';
import type { Pooling } from '../kernels.js';
import { placeIntegerCasts, placeLaneCast, uniformFormat } from '../lowering.js';
import type { Lowered, Lowering } from '../lowering.js';
import { fits } from '../storage.js';

/** What a pooling does with the values under a window. */
interface Reduction {
  /** Formats that exact values have before the result. */
  readonly between: readonly FixedPointFormat[];
  /**
   * For an average: the address of what sums are multiplied with, by the number of values under a window; undefined where
   * one is too wide.
   */
  factors?(bits: 32 | 64): number | undefined;
}

/** A pooling over values of one format. */
export function pool(lowering: Lowering, windows: PoolingWindows, reduction: Reduction): Lowered | undefined {
  return poolIn(32, lowering, windows, reduction) ?? poolIn(64, lowering, windows, reduction);
}

function poolIn(
  bits: 32 | 64,
  lowering: Lowering,
  windows: PoolingWindows,
  { between, factors }: Reduction,
): Lowered | undefined {
  const { node, output, kernels } = lowering;
  const [input] = lowering.inputs;
  const formats = [node.exactType, ...between];
  if (!uniformFormat(input, bits) || !formats.every((format) => fits(format, bits))) return undefined;
  const cast = bits === 32 ? placeLaneCast(lowering, node.exactType) : undefined;
  const exact = { shape: node.shape, format: node.exactType };
  const casts = bits === 64 ? placeIntegerCasts(lowering, exact) : undefined;
  const table = factors ? factors(bits) : 0;
  if ((cast === undefined && casts === undefined) || table === undefined) return undefined;
  const pooling = describe(windows, factors !== undefined, table);
  const inputBytes = input.count * 2 ** input.storage;
  const outputBytes = output.count * 2 ** output.storage;
  return {
    path: bits === 32 ? 'int32' : 'int64',
    run(images) {
      for (let image = 0; image < images; image++) {
        const from = input.address + image * inputBytes;
        const to = output.address + image * outputBytes;
        if (cast !== undefined) kernels.poolWindows(from, input.storage, ...pooling, to, output.storage, cast);
        else if (casts) kernels.poolWindowIntegers(from, input.storage, ...pooling, to, output.storage, ...casts);
      }
    },
  };
}

function describe({ geometry, channels, outputs }: PoolingWindows, average: boolean, factors: number): Pooling {
  const [height, width] = geometry.input;
  const [kernelHeight, kernelWidth] = geometry.kernel;
  const [strideRows, strideColumns] = geometry.strides;
  const [top, , left] = geometry.padding;
  const window = [height, width, channels, kernelHeight, kernelWidth, strideRows, strideColumns, top, left] as const;
  return [...window, ...outputs, average ? 1 : 0, factors];
}
