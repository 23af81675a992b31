// What layers share whose constant weights are an adder graph: all weights of the layer as one function of additions,
// subtractions and shifts, which takes all inputs of a position at once and gives all outputs.
//
//   struct classes_adders {
//     static void sum(const ap_fixed<8, 4> (&x)[3], ap_fixed<14, 8> (&y)[2]) {
//       const ap_fixed<11, 7> a0 = qfx::shifted<2>(x[0]) - x[2];  // 4 x[0] - x[2]
//       y[0] = qfx::shifted<-4>(a0);                              // the binary point of the weights
//       ...
#ifndef QFX_ADDERS_H
#define QFX_ADDERS_H

#include <hls_stream.h>

#include "multiply_accumulate.h"
#include "raw.h"
#include "vector.h"

namespace qfx {

/** x * 2^SHIFT, exactly: the same bits, their binary point elsewhere. Takes no hardware. */
template <int SHIFT, class X>
inline fixed_of<fixed_traits<X>::word_length, fixed_traits<X>::integer_length + SHIFT, fixed_traits<X>::is_signed>
shifted(const X& x) {
#pragma HLS INLINE
  return with_raw_of<fixed_of<fixed_traits<X>::word_length, fixed_traits<X>::integer_length + SHIFT,
                              fixed_traits<X>::is_signed>>(x);
}

/** The outputs of a position, plus bias, cast, word by word. */
template <class Config, class Bias>
inline void write_sums(hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                       const typename Config::exact_t (&sum)[Config::output_channels], const Bias& bias) {
#pragma HLS INLINE
  for (int channel = 0; channel < Config::output_channels; channel += Config::output_lanes) {
#pragma HLS PIPELINE II = 1
    vector<typename Config::output_t, Config::output_lanes> word;
    for (int o = 0; o < Config::output_lanes; ++o) {
#pragma HLS UNROLL
      word[o] = cast<typename Config::output_t>(add_bias<Config>(sum[channel + o], bias, channel + o));
    }
    output.write(word);
  }
}

}  // namespace qfx

#endif
