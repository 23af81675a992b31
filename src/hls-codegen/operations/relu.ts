import { rawRange } from '../../qfx/number/type.js';
import { elementCount } from '../../qfx/number/shape.js';
import type { ReluAttributes } from '../../qfx/operations/relu.js';
import type { Emitter } from './emitter.js';
import { positiveConstant } from './positive-constant.js';

export const relu: Emitter<ReluAttributes> = {
  name: 'relu',
  emit({ where, inputs: [{ type }], attributes: { maximum }, shape, exactType }) {
    const plain = {
      header: 'qfx/relu.h',
      streams: 'inputs-first',
      types: [{ name: 'exact_t', format: exactType }],
      integers: [{ values: elementCount(shape) }],
      tables: [],
    } as const;
    if (!maximum || !canExceed(type, maximum)) return { ...plain, function: 'qfx::relu' };
    const { raw, format } = positiveConstant(maximum, `${where}: maximum`);
    return {
      ...plain,
      function: 'qfx::clipped_relu',
      types: [...plain.types, { name: 'maximum_t', format }],
      integers: [...plain.integers, { maximum: raw }],
    };
  },
};

/** Whether a value of the type can lie above the maximum. */
function canExceed(
  type: { signed: boolean; wordLength: number; binaryPoint: number },
  maximum: NonNullable<ReluAttributes['maximum']>,
): boolean {
  const distance = BigInt(maximum.binaryPoint - type.binaryPoint);
  const largest = rawRange(type).maximum;
  const limit = BigInt(maximum.raw);
  return distance >= 0n ? largest << distance > limit : largest > limit << -distance;
}
