import { z } from 'zod';
import { QfxError } from '../errors.js';
import { validateTensorFormat } from '../number/validate-type.js';
import { shapeAttribute } from './checks.js';
import { smallestIntervalFormat } from './interval.js';
import { operandInterval } from './operand.js';
import { layer } from './operation.js';
import type { Operation } from './operation.js';

const attributes = z.strictObject({ shape: shapeAttribute });
export type InputAttributes = z.infer<typeof attributes>;

/** Where values enter. They come in the declared type, so that its cast has nothing to do. */
export const input: Operation<InputAttributes> = {
  name: 'input',
  attributes,
  inputCount: { minimum: 0, maximum: 0 },
  constants: {},
  infer({ name, attributes: { shape }, outputType }) {
    if (outputType === 'exact') throw new QfxError(layer(name), 'an input needs a declared type, not "exact"');
    validateTensorFormat(outputType, shape, layer(name));
    return { shape, exactType: smallestIntervalFormat(operandInterval({ name, shape, format: outputType })) };
  },
  prepare({ name }) {
    return () => {
      throw new QfxError(layer(name), 'an input has nothing to compute');
    };
  },
  multiplications: () => 0,
};
