// Average of each channel over the whole image: the exact sum times one constant reciprocal, then one cast.
//
//   struct pool1_config {
//     using input_t = ap_ufixed<4, 2>;
//     using sum_t = ap_ufixed<10, 8>;        // holds the exact sum of a channel
//     using reciprocal_t = ap_ufixed<8, -5>;  // or a k_hot
//     using exact_t = ap_ufixed<18, 3>;      // holds sum * reciprocal
//     using output_t = ap_ufixed<4, 2, AP_RND, AP_SAT>;
//     static constexpr int positions = 8 * 8, channels = 64;
//     static constexpr int input_lanes = 4, output_lanes = 4;
//   };
//   global_average_pooling2d<pool1_config>(input, output, reciprocals);
//
// Table: table_t<reciprocal_t> reciprocals[1], a raw integer, or a word of k_hot.h.
#ifndef QFX_GLOBAL_AVERAGE_POOLING2D_H
#define QFX_GLOBAL_AVERAGE_POOLING2D_H

#include <hls_stream.h>

#include "multiply_accumulate.h"
#include "raw.h"
#include "vector.h"

namespace qfx {

template <class Config>
void global_average_pooling2d(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                              hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                              const table_t<typename Config::reciprocal_t> (&reciprocals)[1]) {
  using exact_t = typename Config::exact_t;
  static_assert(Config::channels % Config::input_lanes == 0, "input_lanes divides the channels");
  static_assert(Config::channels % Config::output_lanes == 0, "output_lanes divides the channels");

  typename Config::sum_t sum[Config::channels];
#pragma HLS ARRAY_PARTITION variable = sum complete
  for (int channel = 0; channel < Config::channels; ++channel) {
#pragma HLS UNROLL
    sum[channel] = 0;
  }
  for (int position = 0; position < Config::positions; ++position) {
    for (int channel = 0; channel < Config::channels; channel += Config::input_lanes) {
#pragma HLS PIPELINE II = 1
      const vector<typename Config::input_t, Config::input_lanes> word = input.read();
      for (int i = 0; i < Config::input_lanes; ++i) sum[channel + i] += word[i];
    }
  }
  for (int channel = 0; channel < Config::channels; channel += Config::output_lanes) {
#pragma HLS PIPELINE II = 1
    vector<typename Config::output_t, Config::output_lanes> word;
    for (int o = 0; o < Config::output_lanes; ++o) {
      const exact_t average = product<typename Config::reciprocal_t>(sum[channel + o], reciprocals[0]);
      word[o] = cast<typename Config::output_t>(average);
    }
    output.write(word);
  }
}

}  // namespace qfx

#endif
