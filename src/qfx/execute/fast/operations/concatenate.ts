import { elementCount } from '../../../number/shape.js';
import { isUniform } from '../../../number/type.js';
import type { ConcatenateAttributes } from '../../../operations/concatenate.js';
import { placeIntegerCasts, placeLaneCast } from '../lowering.js';
import type { Lowered, Lowering } from '../lowering.js';

/** Each operand is cast right to where its values go: aligning it first and casting then gives the same. */
export function concatenate(lowering: Lowering<ConcatenateAttributes>): Lowered | undefined {
  const { output, inputs, context, kernels } = lowering;
  const { axis } = context.attributes;
  if (!isUniform(output.format) || !inputs.every(({ format }) => isUniform(format))) return undefined;
  const blocks = inputs.map(({ shape }) => elementCount(shape.slice(axis)));
  const rowCount = elementCount(output.shape.slice(0, axis));
  const row = elementCount(output.shape.slice(axis));
  const targets = inputs.map((_, operand) => {
    const before = blocks.slice(0, operand).reduce((sum, block) => sum + block, 0);
    return output.address + before * 2 ** output.storage;
  });
  const lanes = inputs.map((input) => (input.storage === 3 ? undefined : placeLaneCast(lowering, input.format)));
  if (lanes.every((cast) => cast !== undefined)) {
    return {
      path: 'int32',
      run(images) {
        inputs.forEach(({ address, storage }, operand) => {
          const [block, target] = [blocks[operand], targets[operand]];
          const rows = images * rowCount;
          kernels.castRows(address, storage, block, target, output.storage, row, rows, block, lanes[operand]);
        });
      },
    };
  }
  const integers = inputs.map((input) => placeIntegerCasts(lowering, input));
  if (!integers.every((casts) => casts !== undefined)) return undefined;
  return {
    path: 'int64',
    run(images) {
      inputs.forEach(({ address, storage }, operand) => {
        const block = blocks[operand];
        for (let index = 0; index < images * rowCount; index++) {
          const from = address + index * block * 2 ** storage;
          const to = targets[operand] + index * row * 2 ** output.storage;
          kernels.castIntegers(from, storage, to, output.storage, block, ...integers[operand]);
        }
      });
    },
  };
}
