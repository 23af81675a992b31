/** Widest line of an emitted table. */
const lineWidth = 112;
/** Integers beyond this magnitude carry a suffix. */
const largestPlain = 2 ** 31 - 1;

/** A C++ integer literal of any value of 64 bits. */
export function integerLiteral(value: number | bigint): string {
  if (value >= -largestPlain && value <= largestPlain) return String(value);
  if (BigInt(value) === -(2n ** 63n)) return '-9223372036854775807LL - 1';
  return `${value}${BigInt(value) >= 2n ** 63n ? 'ULL' : 'LL'}`;
}

/**
 * The inside of the braces of a table, wrapped into indented lines without a line end.
 * @param values row-major
 * @param dimensions one or two; the rows of two get braces of their own
 */
export function tableBody(values: ArrayLike<number | bigint>, dimensions: readonly number[]): string {
  const literals = Array.from(values, integerLiteral);
  if (dimensions.length === 1) return wrap(literals, '  ');
  const [rows, columns] = dimensions;
  const texts = Array.from({ length: rows }, (_, row) => literals.slice(row * columns, (row + 1) * columns));
  const whole = texts.map((row) => `{${row.join(', ')}}`);
  if (whole.every((row) => row.length <= lineWidth - 3)) return wrap(whole, '  ');
  return texts.map((row) => `  {\n${wrap(row, '    ')}\n  },`).join('\n');
}

function wrap(items: readonly string[], indentation: string): string {
  const lines: string[] = [];
  let line = '';
  for (const item of items) {
    if (line !== '' && indentation.length + line.length + 1 + item.length + 1 > lineWidth) {
      lines.push(indentation + line);
      line = '';
    }
    line += `${line === '' ? '' : ' '}${item},`;
  }
  lines.push(indentation + line);
  return lines.join('\n');
}
