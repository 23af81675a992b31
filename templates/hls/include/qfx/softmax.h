// Shares along the last axis of each position, by two tables: exp(x) / sum of exp(x).
//
//   struct softmax1_config {
//     using input_t = ap_fixed<8, 4>;
//     using difference_t = ap_ufixed<8, 4>;    // holds the largest value less any other one
//     using exponential_t = ap_ufixed<12, 0>;
//     using sum_t = ap_ufixed<16, 4>;          // the smallest that holds channels times the first exponential
//     using reciprocal_t = ap_ufixed<10, 0>;
//     using exact_t = ap_ufixed<26, 1>;        // binary point: that of reciprocal_t plus the bits of sum_t less 1
//     using output_t = ap_ufixed<8, 0, AP_RND, AP_SAT>;
//     static constexpr int positions = 1, channels = 10;
//     static constexpr int input_lanes = 2, output_lanes = 2;
//   };
//   softmax<softmax1_config>(input, output, exponentials, reciprocals);
//
// Tables, raw integers:
//   table_t<exponential_t> exponentials[]  for each raw integer of difference_t; where they end, all further ones are 0
//   table_t<reciprocal_t> reciprocals[]    for the bits of a sum behind its leading one: as many bits as the length, a power
//                                          of two, can be addressed with; further bits of the sum don't count
#ifndef QFX_SOFTMAX_H
#define QFX_SOFTMAX_H

#include <hls_stream.h>

#include "raw.h"
#include "vector.h"

namespace qfx {

constexpr int floor_log2(int value) { return value <= 1 ? 0 : 1 + floor_log2(value / 2); }

/** The position of the leading one of a sum above 0. */
template <class Sum>
inline int leading_one(const Sum& sum) {
#pragma HLS INLINE
  const unsigned long long bits = to_raw(sum);
  int position = 0;
  for (int bit = 0; bit < fixed_traits<Sum>::word_length; ++bit) {
#pragma HLS UNROLL
    if (bits >> bit & 1) position = bit;
  }
  return position;
}

template <class Config, int EXPONENTIALS, int RECIPROCALS>
void softmax(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
             hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
             const table_t<typename Config::exponential_t> (&exponentials)[EXPONENTIALS],
             const table_t<typename Config::reciprocal_t> (&reciprocals)[RECIPROCALS]) {
  using input_t = typename Config::input_t;
  using exact_t = typename Config::exact_t;
  using exponential_t = typename Config::exponential_t;
  using reciprocal_t = typename Config::reciprocal_t;
  constexpr int input_lanes = Config::input_lanes, output_lanes = Config::output_lanes;
  constexpr int index_bits = floor_log2(RECIPROCALS);
  constexpr int last_exponent = fixed_traits<typename Config::sum_t>::word_length - 1;
  static_assert(Config::channels % input_lanes == 0, "input_lanes divides the channels");
  static_assert(Config::channels % output_lanes == 0, "output_lanes divides the channels");
#ifdef QFX_NO_MULTIPLY
  static_assert(sizeof(input_t) == 0, "QFX_NO_MULTIPLY: this layer multiplies, it is a softmax");
#endif
  static_assert(1 << index_bits == RECIPROCALS, "the number of reciprocals is a power of two");
  static_assert(binary_point_of<exact_t>() == binary_point_of<reciprocal_t>() + last_exponent, "exact_t as above");
  // The same words with other binary points: an exponential as an integer, a reciprocal as one of the largest sums.
  using share_t = ap_ufixed<fixed_traits<exponential_t>::word_length, fixed_traits<exponential_t>::word_length>;
  using factor_t =
      ap_ufixed<fixed_traits<reciprocal_t>::word_length, fixed_traits<reciprocal_t>::integer_length - last_exponent>;

  // Static: memories, not registers. Each value is written before it is read.
  static input_t values[Config::channels];
  static share_t shares[Config::channels];
  for (int position = 0; position < Config::positions; ++position) {
    input_t largest = 0;
    for (int channel = 0; channel < Config::channels; channel += input_lanes) {
#pragma HLS PIPELINE II = 1
      const vector<input_t, input_lanes> word = input.read();
      for (int i = 0; i < input_lanes; ++i) {
#pragma HLS UNROLL
        values[channel + i] = word[i];
        if (channel + i == 0 || word[i] > largest) largest = word[i];
      }
    }

    typename Config::sum_t sum = 0;
    for (int channel = 0; channel < Config::channels; ++channel) {
#pragma HLS PIPELINE II = 1
      const typename Config::difference_t difference = largest - values[channel];
      const unsigned long long index = to_raw(difference);
      const bool inside = index < EXPONENTIALS;
      shares[channel] = inside ? from_table<share_t>(exponentials[index]) : share_t(0);
      if (inside) sum += from_table<exponential_t>(exponentials[index]);
    }

    const int exponent = leading_one(sum);
    const unsigned long long bits = to_raw(sum);
    const unsigned long long leading =
        exponent < index_bits ? bits << (index_bits - exponent) : bits >> (exponent - index_bits);
    const factor_t reciprocal = from_table<factor_t>(reciprocals[leading - RECIPROCALS]);
    for (int channel = 0; channel < Config::channels; channel += output_lanes) {
#pragma HLS PIPELINE II = 1
      vector<typename Config::output_t, output_lanes> word;
      for (int o = 0; o < output_lanes; ++o) {
#pragma HLS UNROLL
        const exact_t product = shares[channel + o] * reciprocal;
        const exact_t share = product << (last_exponent - exponent);
        word[o] = cast<typename Config::output_t>(share);
      }
      output.write(word);
    }
  }
}

}  // namespace qfx

#endif
