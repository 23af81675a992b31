// A function of one value as a table: its result for every word of the input's type.
//
//   struct tanh1_config {
//     using input_t = ap_fixed<8, 3>;
//     using result_t = ap_fixed<6, 1>;
//     using output_t = ap_fixed<6, 1, AP_RND, AP_SAT>;
//     static constexpr int values = 32 * 32 * 16;
//     static constexpr int input_lanes = 4, output_lanes = 4;
//   };
//   table<tanh1_config>(input, output, results);
//
// Table, raw integers: table_t<result_t> results[1 << word length of input_t]. Word w of the input gives results[w]: those
// for 0 and above come first, those for negative values (two's complement) follow.
#ifndef QFX_TABLE_H
#define QFX_TABLE_H

#include <hls_stream.h>

#include "for_each_value.h"
#include "raw.h"

namespace qfx {

/** The number of words of a type. */
template <class T>
constexpr int word_count() {
  return 1 << fixed_traits<T>::word_length;
}

/** The word of a value, as an unsigned integer. */
template <class T>
inline ap_uint<fixed_traits<T>::word_length> word_of(const T& value) {
#pragma HLS INLINE
  ap_uint<fixed_traits<T>::word_length> word = 0;
  word.range(fixed_traits<T>::word_length - 1, 0) = value.range(fixed_traits<T>::word_length - 1, 0);
  return word;
}

template <class Config>
struct table_reader {
  using result_t = typename Config::result_t;
  const table_t<result_t> (&results)[word_count<typename Config::input_t>()];

  result_t operator()(const typename Config::input_t& x, int) const {
#pragma HLS INLINE
    return from_table<result_t>(results[word_of(x).to_uint64()]);
  }
};

template <class Config>
void table(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
           hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
           const table_t<typename Config::result_t> (&results)[word_count<typename Config::input_t>()]) {
  for_each_value<1, Config::values>(input, output, table_reader<Config>{results});
}

}  // namespace qfx

#endif
