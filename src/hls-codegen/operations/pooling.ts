import type { PoolingAttributes } from '../../qfx/operations/pooling.js';
import type { EmitterContext } from './emitter.js';
import { paddingIntegers, pair } from './window.js';

/** The integers of a configuration that the poolings over windows share. */
export function poolingIntegers({
  inputs: [input],
  shape,
  attributes: { poolSize, strides, padding },
}: EmitterContext<PoolingAttributes>): Record<string, number>[] {
  return [
    { channels: shape[2] },
    { input_height: input.shape[0], input_width: input.shape[1], output_height: shape[0], output_width: shape[1] },
    pair('pool', poolSize),
    pair('stride', strides),
    paddingIntegers(padding),
  ];
}

/** The integers that the poolings over whole images share. */
export function globalPoolingIntegers({ inputs: [input] }: Pick<EmitterContext, 'inputs'>): Record<string, number>[] {
  const [height, width, channels] = input.shape;
  return [{ positions: height * width, channels }];
}
