import { QfxError } from '../../errors.js';
import { maximumWordLength, rawRange, smallestFormat } from '../../number/type.js';
import type { FixedPointFormat } from '../../number/type.js';
import type { AdderGraph, AdderOperand } from './graph.js';

/** All that a result can be: raw integers from `minimum` to `maximum`, both reached, and the smallest format for them. */
export interface ResultRange {
  readonly minimum: bigint;
  readonly maximum: bigint;
  readonly format: FixedPointFormat;
}

/** Raw integer = sum of factor * raw integer of an input. */
interface LinearForm {
  readonly factors: readonly bigint[];
  readonly binaryPoint: number;
}

/**
 * The ranges of all results over all values that inputs of these formats take. They are exact, not bounds: a result is
 * taken as the linear function of the inputs that it is, so that what cancels on the way is not counted. Formats hold 0,
 * too. Binary points of operands are aligned exactly; a shift to the left moves the binary point to the right.
 *
 * @throws QfxError where a format is missing, or a result is wider than 64 bits.
 */
export function adderGraphRanges(
  graph: AdderGraph,
  formats: readonly FixedPointFormat[],
): { readonly operations: readonly ResultRange[]; readonly outputs: readonly ResultRange[] } {
  if (formats.length !== graph.inputs)
    throw new QfxError(
      'adder graph',
      `found ${formats.length} formats, needed: one for each of ${graph.inputs} inputs`,
    );
  const ranges = formats.map(rawRange);
  const none = formats.map(() => 0n);

  const rangeOf = ({ factors, binaryPoint }: LinearForm, where: string): ResultRange => {
    let minimum = 0n;
    let maximum = 0n;
    factors.forEach((factor, input) => {
      if (factor === 0n) return;
      const ends = [factor * ranges[input].minimum, factor * ranges[input].maximum];
      minimum += factor > 0n ? ends[0] : ends[1];
      maximum += factor > 0n ? ends[1] : ends[0];
    });
    const format = smallestFormat(minimum, maximum, binaryPoint);
    if (format.wordLength > maximumWordLength)
      throw new QfxError(where, `its exact result has ${format.wordLength} bits, allowed: ${maximumWordLength}`);
    return { minimum, maximum, format };
  };

  const forms: (LinearForm | undefined)[] = formats.map(({ binaryPoint }, input) => ({
    factors: none.with(input, 1n),
    binaryPoint,
  }));
  const shifted = ({ node, shift }: AdderOperand): LinearForm => {
    const { factors, binaryPoint } = forms[node]!;
    return { factors, binaryPoint: binaryPoint - shift };
  };
  const lastUses = lastUsesOf(graph);
  const operations = graph.operations.map(({ left, right, subtract }, index) => {
    const [a, b] = [shifted(left), shifted(right)];
    const binaryPoint = Math.max(a.binaryPoint, b.binaryPoint);
    const scale = (form: LinearForm) => 1n << BigInt(binaryPoint - form.binaryPoint);
    const [aScale, bScale] = [scale(a), subtract ? -scale(b) : scale(b)];
    const form = {
      factors: a.factors.map((factor, input) => factor * aScale + b.factors[input] * bScale),
      binaryPoint,
    };
    forms.push(form);
    for (const { node } of [left, right]) if (lastUses[node] === index) forms[node] = undefined;
    return rangeOf(form, `adder graph: operation ${index}`);
  });
  const outputs = graph.outputs.map((output, index) => {
    if (output === null) return rangeOf({ factors: none, binaryPoint: 0 }, '');
    const { factors, binaryPoint } = shifted(output);
    const signed = output.negative ? factors.map((factor) => -factor) : factors;
    return rangeOf({ factors: signed, binaryPoint }, `adder graph: output ${index}`);
  });
  return { operations, outputs };
}

/** The last operation that reads each node; none for those that outputs read: linear forms are large, and kept no longer. */
function lastUsesOf({ operations, outputs }: AdderGraph): (number | undefined)[] {
  const lastUses: (number | undefined)[] = [];
  operations.forEach(({ left, right }, index) => {
    lastUses[left.node] = index;
    lastUses[right.node] = index;
  });
  for (const output of outputs) if (output !== null) lastUses[output.node] = undefined;
  return lastUses;
}
