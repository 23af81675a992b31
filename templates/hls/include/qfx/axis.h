// AXI4-Stream words <-> vectors of values: the network's interface to DMA engines.
//
// Value k of a tensor (row-major, channels-last) sits in word k / (word_bits / slot_bits), at bit
// slot_bits * (k % (word_bits / slot_bits)), as its raw integer, extended to slot_bits (with its sign if the type is
// signed): a little-endian array of int8_t, int16_t, ... in memory. Slots of the last word beyond the last value are
// zero. Each image starts with a new word. TLAST is set on the last output word of an image, and ignored on input.
//
//   using input_axis_t = axis_word<32>;
//   struct input_axis_config {
//     using value_t = ap_ufixed<8, 0>;
//     static constexpr int values = 28 * 28;
//     static constexpr int lanes = 1;
//     static constexpr int word_bits = 32;  // a multiple of slot_bits
//     static constexpr int slot_bits = 8;   // 8, 16, 32 or 64; at least the values' word length
//   };
//   read_axis<input_axis_config>(axis_stream, stream);
//   write_axis<output_axis_config>(stream, axis_stream);
//
// One value a cycle.
#ifndef QFX_AXIS_H
#define QFX_AXIS_H

#include <ap_axi_sdata.h>
#include <hls_stream.h>

#include "raw.h"
#include "vector.h"

namespace qfx {

/** An AXI4-Stream word with TDATA, TKEEP, TSTRB and TLAST. */
template <int WORD_BITS>
using axis_word = ap_axiu<WORD_BITS, 0, 0, 0>;

template <class Config>
void read_axis(hls::stream<axis_word<Config::word_bits>>& input,
               hls::stream<vector<typename Config::value_t, Config::lanes>>& output) {
  using value_t = typename Config::value_t;
  // Without value_t's modes: the smallest raw integer of an AP_SAT_SYM type is still to be cast.
  using format_t = fixed_of<fixed_traits<value_t>::word_length, fixed_traits<value_t>::integer_length,
                            fixed_traits<value_t>::is_signed>;
  static_assert(Config::word_bits % Config::slot_bits == 0, "slot_bits divides word_bits");
  static_assert(Config::slot_bits >= fixed_traits<value_t>::word_length, "a slot holds a value");
  static_assert(Config::values % Config::lanes == 0, "lanes divides the values");

  axis_word<Config::word_bits> input_word;
  vector<value_t, Config::lanes> output_word;
  int bit = 0, lane = 0;
  for (int k = 0; k < Config::values; ++k) {
#pragma HLS PIPELINE II = 1
    if (bit == 0) input_word = input.read();
    const ap_uint<Config::slot_bits> slot = input_word.data.range(bit + Config::slot_bits - 1, bit);
    output_word[lane] = cast<value_t>(from_raw<format_t>(slot));
    bit = bit + Config::slot_bits == Config::word_bits ? 0 : bit + Config::slot_bits;
    lane = lane + 1 == Config::lanes ? 0 : lane + 1;
    if (lane == 0) output.write(output_word);
  }
}

template <class Config>
void write_axis(hls::stream<vector<typename Config::value_t, Config::lanes>>& input,
                hls::stream<axis_word<Config::word_bits>>& output) {
  using value_t = typename Config::value_t;
  static_assert(Config::word_bits % Config::slot_bits == 0, "slot_bits divides word_bits");
  static_assert(Config::slot_bits >= fixed_traits<value_t>::word_length, "a slot holds a value");
  static_assert(Config::values % Config::lanes == 0, "lanes divides the values");

  vector<value_t, Config::lanes> input_word;
  axis_word<Config::word_bits> output_word;
  output_word.keep = -1;  // a DMA engine receives whole words
  output_word.strb = -1;
  output_word.data = 0;
  int bit = 0, lane = 0;
  for (int k = 0; k < Config::values; ++k) {
#pragma HLS PIPELINE II = 1
    if (lane == 0) input_word = input.read();
    const ap_uint<Config::slot_bits> slot = to_raw(input_word[lane]);
    output_word.data.range(bit + Config::slot_bits - 1, bit) = slot;
    bit = bit + Config::slot_bits == Config::word_bits ? 0 : bit + Config::slot_bits;
    lane = lane + 1 == Config::lanes ? 0 : lane + 1;
    const bool last = k == Config::values - 1;
    if (bit == 0 || last) {
      output_word.last = last;
      output.write(output_word);
      output_word.data = 0;
    }
  }
}

}  // namespace qfx

#endif
