import { describe, expect, it } from 'vitest';
import { compileText, runText } from './support.js';

const streams = (body: string) => `#include <hls_stream.h>\nint main() { ${body} return 0; }\n`;

describe('hls::stream of the bundled headers', () => {
  it('ends the program where an empty stream is read, and names the stream', async (context) => {
    const result = await runText(
      context,
      streams('hls::stream<int> lonely("lonely"); lonely.write(1); lonely.read(); lonely.read();'),
    );
    expect(result).toEqual({ status: 1, stderr: "hls::stream 'lonely' is read while empty (0 words)" });
  });

  it('ends the program where data is left over, and names the stream', async (context) => {
    const result = await runText(
      context,
      streams('hls::stream<int> full("full"); for (int k = 0; k < 40; ++k) full.write(k);'),
    );
    expect(result).toEqual({ status: 1, stderr: "hls::stream 'full' still holds data that nobody read (40 words)" });
  });

  it('keeps the order of any number of words', async (context) => {
    const body = `hls::stream<int> queue("queue"); int next = 0, written = 0;
      for (int round = 0; round < 50; ++round) {
        for (int k = 0; k < round; ++k) queue.write(written++);
        for (int k = 0; k < round / 2; ++k) if (queue.read() != next++) return 2;
      }
      while (!queue.empty()) if (queue.read() != next++) return 3;
      if (next != written) return 4;`;
    expect(await runText(context, streams(body))).toEqual({ status: 0, stderr: '' });
  });

  it('refuses a range outside of a word', async (context) => {
    const text =
      '#include <ap_int.h>\nint main(int count, char**) { ap_uint<8> x = 0; return x.range(7 + count, 0).bits() != 0; }\n';
    expect((await runText(context, text)).status).toBe(1);
  });
});

const expressions = (body: string) => `#include <ap_fixed.h>
  void f(ap_fixed<8, 4> a, ap_fixed<8, 4> b, ap_ufixed<8, 4> u, ap_int<8> i, ap_int<8> j) {
    (void)a; (void)b; (void)u; (void)i; (void)j; ${body}
  }\n`;

describe('what the bundled headers do not support', () => {
  it('is used by none of what follows', async (context) => {
    expect(await compileText(context, expressions('a = a * b; (void)(a < b); i = j;'))).toBe('');
  });

  const unsupported = [
    ['division', 'a / b;', 'no match for .operator/|invalid operands'],
    ['floating point', 'a = 0.5;', 'deleted'],
    ['arithmetic with native integers', 'a + 1;', 'no match for .operator\\+|invalid operands'],
    ['a conversion to a native integer', 'int x = a; (void)x;', 'cannot convert|no viable conversion'],
    ['to_int', 'a.to_int();', 'to_int'],
    ['a comparison of signed with unsigned', '(void)(a < u);', 'signed with unsigned'],
    ['arithmetic on ap_int', 'i + j;', 'no match for .operator\\+|invalid operands'],
    ['AP_WRAP_SM', 'ap_fixed<8, 4, AP_TRN, AP_WRAP_SM> x = a; (void)x;', 'AP_WRAP_SM'],
    ['saturation bits', 'ap_fixed<8, 4, AP_TRN, AP_WRAP, 1> x; (void)x;', 'saturation bits'],
    ['AP_SAT_SYM on a signed bit', 'ap_fixed<1, 1, AP_TRN, AP_SAT_SYM> x; (void)x;', 'one bit'],
    ['a word of 0 bits', 'ap_fixed<0, 0> x; (void)x;', 'at least one bit'],
    ['a word of 129 bits', 'ap_fixed<129, 0> x; (void)x;', 'at most 128 bits'],
  ] as const;
  it.for(unsupported)('is a compile error: %s', async ([, body, message], context) => {
    expect(await compileText(context, expressions(body))).toMatch(new RegExp(message));
  });

  it('includes multiplication where QFX_NO_MULTIPLY is defined', async (context) => {
    const flags = ['-DQFX_NO_MULTIPLY'];
    expect(await compileText(context, expressions('a * b;'), flags)).toMatch(/deleted/);
    expect(await compileText(context, expressions('a *= b;'), flags)).toMatch(/deleted/);
    expect(await compileText(context, expressions('a += b << 1; a = a - b;'), flags)).toBe('');
  });
});

describe('a leaky ReLU', () => {
  it('needs no multiplication where its slope is a power of two', async (context) => {
    const program = (call: string) => `
      #include "qfx/leaky_relu.h"
      struct config {
        using input_t = ap_fixed<8, 4>;
        using exact_t = ap_fixed<12, 4>;
        using output_t = ap_fixed<8, 4>;
        using alpha_t = ap_ufixed<2, -1>;
        static constexpr long long alpha = 3;
        static constexpr int values = 8, input_lanes = 4, output_lanes = 4, alpha_shift = 3;
      };
      void run(hls::stream<qfx::vector<config::input_t, 4>>& in, hls::stream<qfx::vector<config::output_t, 4>>& out) {
        qfx::${call}<config>(in, out);
      }`;
    const flags = ['-DQFX_NO_MULTIPLY'];
    expect(await compileText(context, program('shifting_leaky_relu'), flags)).toBe('');
    expect(await compileText(context, program('leaky_relu'), flags)).toMatch(/deleted/);
  });
});
