import { dyadic, isLess, nothing, zeroAt } from './dyadic.js';
import { allHigh, describeOperation } from './contract.js';
import type { OperationCase } from './contract.js';

const maximumOf = (attributes: unknown) => (attributes as { maximum?: { raw: string; binaryPoint: number } }).maximum;

describeOperation({
  operation: 'relu',
  paths: ['int32', 'int64', 'reference'],
  draw(draw): OperationCase {
    const shape = Array.from({ length: draw.integer(1, 3) }, () => draw.integer(1, 3));
    const format = draw.format(shape);
    if (draw.pick([true, false])) return { attributes: {}, inputs: [{ shape, format }], constants: {} };
    const near = typeof format.binaryPoint === 'number' ? format.binaryPoint : 0;
    const maximum = { raw: String(draw.integer(1, 2 ** draw.integer(0, 20))), binaryPoint: near + draw.integer(-9, 9) };
    return { attributes: { maximum }, inputs: [{ shape, format }], constants: {} };
  },
  shape: (use) => use.inputs[0].shape,
  evaluate({ attributes }, [values], trace) {
    const maximum = maximumOf(attributes);
    const limit = maximum && dyadic(BigInt(maximum.raw), maximum.binaryPoint);
    return values.map((value) => {
      const positive = isLess(value, nothing) ? zeroAt(value) : value;
      const result = limit && isLess(limit, positive) ? limit : positive;
      trace(result);
      // Both binary points count, whichever of the two is the result; the maximum's only where there is a value to clip.
      trace(zeroAt(value));
      if (limit && value.binaryPoint > -Infinity) trace(zeroAt(limit));
      return result;
    });
  },
  extremes: () => [allHigh],
  refusals: ['0', '-3', '1.5', '03', '', '1e3', '123456789012345678901', 'six'].map((raw) => ({
    what: `the maximum ${JSON.stringify(raw)}`,
    change: (use) => ({ ...use, attributes: { maximum: { raw, binaryPoint: 0 } } }),
    message: /attributes: maximum.raw: needed: a positive whole number/,
  })),
});
