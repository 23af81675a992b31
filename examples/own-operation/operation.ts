import { QfxError, isUniform, rawRange, registerOperation, sameChannels, smallestFormat } from 'qfx';
import type { Operation } from 'qfx';
import { z } from 'zod';

/** |x|, of values that share one type. */
export const absolute: Operation<Record<string, never>> = {
  name: 'example/absolute',
  attributes: z.strictObject({}),
  inputCount: { minimum: 1, maximum: 1 },
  constants: {},
  infer({ name, inputs: [{ shape, format }] }) {
    if (!isUniform(format)) throw new QfxError(`layer "${name}"`, 'its input has several types, needed: one');
    const { minimum, maximum } = rawRange(format);
    // The smallest value has no counterpart in its own type: -8 in 4 bits becomes 8, which needs 4 bits without a sign.
    const largest = -minimum > maximum ? -minimum : maximum;
    return { shape, exactType: smallestFormat(0n, largest, format.binaryPoint) };
  },
  prepare(_context, _typing, { zero, allocate }) {
    return ([values]) => {
      const result = allocate(values.length);
      for (let index = 0; index < values.length; index++) {
        const value = values[index];
        result[index] = value < zero ? zero - value : value;
      }
      return result;
    };
  },
  multiplications: () => 0,
  channels: (context) => sameChannels(context),
};

registerOperation(absolute);
