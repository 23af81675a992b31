import { sameChannels } from './channels.js';
import { smallestIntervalFormat } from './interval.js';
import { operandInterval, prepareAlignment } from './operand.js';
import type { NodeContext, NodeTyping, Operation } from './operation.js';
import { windowsOf } from './pooling.js';
import type { PoolingWindows } from './pooling.js';

/**
 * The largest value under each window, channel by channel. Padding never wins: only taps on the image count.
 * @param windows the windows of a node
 * @param shape the result's shape
 */
export function maximumOf<Attributes>(
  definition: Pick<Operation<Attributes>, 'name' | 'attributes'>,
  windows: (context: NodeContext<Attributes>) => PoolingWindows,
  shape: (windows: PoolingWindows) => readonly number[],
): Operation<Attributes> {
  return {
    ...definition,
    inputCount: { minimum: 1, maximum: 1 },
    constants: {},
    infer(context): NodeTyping {
      const exactType = smallestIntervalFormat(operandInterval(context.inputs[0]));
      return { shape: shape(windows(context)), exactType };
    },
    prepare(context, { exactType }, arithmetic) {
      const pooling = windows(context);
      const align = prepareAlignment(context.inputs[0], exactType.binaryPoint, arithmetic);
      return ([values]) => {
        const aligned = align(values);
        const result = arithmetic.allocate(pooling.outputs[0] * pooling.outputs[1] * pooling.channels);
        for (const { target, pixels } of windowsOf(pooling)) {
          for (let channel = 0; channel < pooling.channels; channel++) {
            let largest = aligned[pixels[0] + channel];
            for (const pixel of pixels) {
              if (aligned[pixel + channel] > largest) largest = aligned[pixel + channel];
            }
            result[target + channel] = largest;
          }
        }
        return result;
      };
    },
    multiplications: () => 0,
    channels: (context) => sameChannels(context),
  };
}
