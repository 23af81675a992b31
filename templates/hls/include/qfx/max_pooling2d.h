// Maximum over windows. Padding never wins; every window contains at least one real value.
//
//   struct pool1_config {
//     using input_t = ap_ufixed<4, 2>;
//     using output_t = ap_ufixed<4, 2>;
//     static constexpr int channels = 16;
//     static constexpr int input_height = 32, input_width = 32, output_height = 16, output_width = 16;
//     static constexpr int pool_height = 2, pool_width = 2;
//     static constexpr int stride_height = 2, stride_width = 2;
//     static constexpr int padding_top = 0, padding_bottom = 0, padding_left = 0, padding_right = 0;
//     static constexpr int input_lanes = 4, output_lanes = 4;
//   };
//   max_pooling2d<pool1_config>(input, output);
//
// Cycles: for each output pixel the missing input words, then (channels / output_lanes) * pool_height * pool_width.
#ifndef QFX_MAX_POOLING2D_H
#define QFX_MAX_POOLING2D_H

#include <hls_stream.h>

#include "pooling_window.h"
#include "raw.h"
#include "vector.h"

namespace qfx {

template <class Config>
void max_pooling2d(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                   hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output) {
  using input_t = typename Config::input_t;
  constexpr int output_lanes = Config::output_lanes;
  static_assert(Config::channels % output_lanes == 0, "output_lanes divides the channels");

  static pooling_window<Config> window;  // static: a memory; nothing in it survives an image
  window.start_image();
  for (int row = 0; row < Config::output_height; ++row) {
    for (int column = 0; column < Config::output_width; ++column) {
      window.read_window(input, row, column);

      input_t largest[output_lanes];
#pragma HLS ARRAY_PARTITION variable = largest complete
      for (int o = 0; o < output_lanes; ++o) largest[o] = 0;
      bool empty = true;
      for (int channel = 0; channel < Config::channels; channel += output_lanes) {
        for (int ky = 0; ky < Config::pool_height; ++ky) {
          for (int kx = 0; kx < Config::pool_width; ++kx) {
#pragma HLS PIPELINE II = 1
            if (window.inside(ky, kx)) {
              for (int o = 0; o < output_lanes; ++o) {
                const input_t x = window.at(ky, kx, channel + o);
                largest[o] = empty || x > largest[o] ? x : largest[o];
              }
              empty = false;
            }
            if (ky == Config::pool_height - 1 && kx == Config::pool_width - 1) {
              vector<typename Config::output_t, output_lanes> word;
              for (int o = 0; o < output_lanes; ++o) word[o] = cast<typename Config::output_t>(largest[o]);
              output.write(word);
              empty = true;
            }
          }
        }
      }
    }
  }
  window.read_rest(input);
}

}  // namespace qfx

#endif
