import { expect, it } from 'vitest';
import { compileText } from './support.js';

/** A layer of these words: input, weight, and the exact result that holds its sums. */
const layer = (input: string, weight: string, exact: string) => `
#include <ap_fixed.h>
#include <qfx_sums.h>
struct config {
  using input_t = ${input};
  using weight_t = ${weight};
  using exact_t = ${exact};
};
using types = qfx::simulation_types<config>;`;

it.for<readonly [string, string, string, string, boolean]>([
  ['signed, 64 bits', 'ap_fixed<32, 32>', 'ap_fixed<16, 16>', 'ap_fixed<64, 64>', true],
  ['unsigned, 32 bits', 'ap_ufixed<16, 16>', 'ap_ufixed<8, 8>', 'ap_ufixed<32, 32>', true],
  // An int64_t overflows there, which C++ leaves undefined: no value shows it.
  ['unsigned, 64 bits', 'ap_ufixed<32, 32>', 'ap_ufixed<16, 16>', 'ap_ufixed<64, 64>', false],
  ['of unsigned inputs with 64 bits', 'ap_ufixed<64, 64>', 'ap_fixed<2, 2>', 'ap_fixed<64, 64>', false],
])('sums have native integers only where those hold them: %s', async ([, input, weight, exact, exist], context) => {
  const text = `${layer(input, weight, exact)}\nstatic_assert(types::exist == ${exist}, "another answer");\n`;
  expect(await compileText(context, text)).toBe('');
});
