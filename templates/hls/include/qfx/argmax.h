// Index of the largest channel of each position; ties go to the lowest index.
//
//   struct argmax1_config {
//     using input_t = ap_fixed<10, 6>;
//     using exact_t = ap_ufixed<4, 4>;  // holds every index
//     using output_t = ap_ufixed<4, 4>;
//     static constexpr int positions = 1, channels = 10;
//     static constexpr int input_lanes = 5;
//     static constexpr int output_lanes = 1;  // indices in a word; divides the output's last axis
//   };
//   argmax<argmax1_config>(input, output);
#ifndef QFX_ARGMAX_H
#define QFX_ARGMAX_H

#include <hls_stream.h>

#include "raw.h"
#include "vector.h"

namespace qfx {

template <class Config>
void argmax(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
            hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output) {
  using input_t = typename Config::input_t;
  static_assert(Config::channels % Config::input_lanes == 0, "input_lanes divides the channels");
  static_assert(Config::positions % Config::output_lanes == 0, "output_lanes divides the positions");

  vector<typename Config::output_t, Config::output_lanes> output_word;
  input_t largest = 0;
  int index = 0, output_lane = 0;
  for (int position = 0; position < Config::positions; ++position) {
    for (int channel = 0; channel < Config::channels; channel += Config::input_lanes) {
#pragma HLS PIPELINE II = 1
      const vector<input_t, Config::input_lanes> word = input.read();
      for (int i = 0; i < Config::input_lanes; ++i) {
#pragma HLS UNROLL
        if (channel + i == 0 || word[i] > largest) {
          largest = word[i];
          index = channel + i;
        }
      }
      if (channel == Config::channels - Config::input_lanes) {
        output_word[output_lane] = cast<typename Config::output_t>(from_raw<typename Config::exact_t>(index));
        output_lane = output_lane + 1 == Config::output_lanes ? 0 : output_lane + 1;
        if (output_lane == 0) output.write(output_word);
      }
    }
  }
}

}  // namespace qfx

#endif
