import { QfxError } from '../errors.js';
import { limits } from '../limits.js';
import { elementCount } from '../number/shape.js';
import { sameChannels } from './channels.js';
import { requireImage } from './checks.js';
import { smallestIntervalFormat } from './interval.js';
import { operandInterval, prepareAlignment } from './operand.js';
import { layer } from './operation.js';
import type { NodeContext, NodeTyping, Operation } from './operation.js';
import type { Pair } from './window.js';

/** Where the pixels of a result come from. */
export interface PixelSources {
  /** [height, width] of the result. */
  readonly outputs: Pair;
  /** Index of the pixel in the input (row-major), or undefined for one of zeros. */
  source(row: number, column: number): number | undefined;
}

/** An operation whose pixels are those of its one input in other places, or zeros: every value at one binary point. */
export function movedPixels<Attributes>(
  definition: Pick<Operation<Attributes>, 'name' | 'attributes'>,
  place: (input: Pair, attributes: Attributes) => PixelSources,
): Operation<Attributes> {
  const placed = (context: NodeContext<Attributes>) => {
    const [height, width, channels] = requireImage(context);
    return { ...place([height, width], context.attributes), channels };
  };
  return {
    ...definition,
    inputCount: { minimum: 1, maximum: 1 },
    constants: {},
    infer(context): NodeTyping {
      const { outputs, channels } = placed(context);
      const side = Math.max(...outputs);
      if (side > limits.imageSide) {
        throw new QfxError(layer(context.name), `a side of ${side} pixels, at most ${limits.imageSide} are possible`);
      }
      const exactType = smallestIntervalFormat(operandInterval(context.inputs[0]));
      return { shape: [...outputs, channels], exactType };
    },
    prepare(context, { exactType, shape }, arithmetic) {
      const { source, outputs, channels } = placed(context);
      const align = prepareAlignment(context.inputs[0], exactType.binaryPoint, arithmetic);
      return ([values]) => {
        const aligned = align(values);
        const result = arithmetic.allocate(elementCount(shape));
        let target = 0;
        for (let row = 0; row < outputs[0]; row++) {
          for (let column = 0; column < outputs[1]; column++, target += channels) {
            const pixel = source(row, column);
            if (pixel === undefined) continue;
            for (let channel = 0; channel < channels; channel++) {
              result[target + channel] = aligned[pixel * channels + channel];
            }
          }
        }
        return result;
      };
    },
    multiplications: () => 0,
    channels: (context) => sameChannels(context),
  };
}
