// Maximum of each channel over the whole image.
//
//   struct pool1_config {
//     using input_t = ap_ufixed<4, 2>;
//     using output_t = ap_ufixed<4, 2>;
//     static constexpr int positions = 8 * 8, channels = 64;
//     static constexpr int input_lanes = 4, output_lanes = 4;
//   };
//   global_max_pooling2d<pool1_config>(input, output);
#ifndef QFX_GLOBAL_MAX_POOLING2D_H
#define QFX_GLOBAL_MAX_POOLING2D_H

#include <hls_stream.h>

#include "fixed.h"
#include "vector.h"

namespace qfx {

template <class Config>
void global_max_pooling2d(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                          hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output) {
  using input_t = typename Config::input_t;
  static_assert(Config::channels % Config::input_lanes == 0, "input_lanes divides the channels");
  static_assert(Config::channels % Config::output_lanes == 0, "output_lanes divides the channels");

  input_t largest[Config::channels];
#pragma HLS ARRAY_PARTITION variable = largest complete
  for (int channel = 0; channel < Config::channels; ++channel) {
#pragma HLS UNROLL
    largest[channel] = 0;
  }
  for (int position = 0; position < Config::positions; ++position) {
    for (int channel = 0; channel < Config::channels; channel += Config::input_lanes) {
#pragma HLS PIPELINE II = 1
      const vector<input_t, Config::input_lanes> word = input.read();
      for (int i = 0; i < Config::input_lanes; ++i) {
        if (position == 0 || word[i] > largest[channel + i]) largest[channel + i] = word[i];
      }
    }
  }
  for (int channel = 0; channel < Config::channels; channel += Config::output_lanes) {
#pragma HLS PIPELINE II = 1
    vector<typename Config::output_t, Config::output_lanes> word;
    for (int o = 0; o < Config::output_lanes; ++o) {
      word[o] = cast<typename Config::output_t>(largest[channel + o]);
    }
    output.write(word);
  }
}

}  // namespace qfx

#endif
