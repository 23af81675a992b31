// Average over windows: the exact sum of the real values times a constant reciprocal of their number (padding does
// not count), then one cast.
//
//   struct pool1_config {
//     using input_t = ap_ufixed<4, 2>;
//     using sum_t = ap_ufixed<6, 4>;         // holds the exact sum of a window
//     using reciprocal_t = ap_ufixed<8, 0>;  // or a k_hot
//     using exact_t = ap_ufixed<14, 4>;      // holds sum * reciprocal
//     using output_t = ap_ufixed<4, 2, AP_RND, AP_SAT>;
//     (sizes, stride, padding and lanes as in max_pooling2d)
//   };
//   average_pooling2d<pool1_config>(input, output, counts, reciprocals);
//
// Tables of equal length, one entry for each number of real values that a window of this layer can have:
//   int counts[]                          distinct, ascending
//   table_t<reciprocal_t> reciprocals[]   raw integers, or words of k_hot.h
#ifndef QFX_AVERAGE_POOLING2D_H
#define QFX_AVERAGE_POOLING2D_H

#include <hls_stream.h>

#include "multiply_accumulate.h"
#include "pooling_window.h"
#include "raw.h"
#include "vector.h"

namespace qfx {

template <class Config, int COUNTS>
void average_pooling2d(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                       hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                       const int (&counts)[COUNTS],
                       const table_t<typename Config::reciprocal_t> (&reciprocals)[COUNTS]) {
  using exact_t = typename Config::exact_t;
  using reciprocal_t = typename Config::reciprocal_t;
  constexpr int output_lanes = Config::output_lanes;
  static_assert(Config::channels % output_lanes == 0, "output_lanes divides the channels");

  static pooling_window<Config> window;  // static: a memory; nothing in it survives an image
  window.start_image();
  for (int row = 0; row < Config::output_height; ++row) {
    for (int column = 0; column < Config::output_width; ++column) {
      window.read_window(input, row, column);

      typename Config::sum_t sum[output_lanes];
#pragma HLS ARRAY_PARTITION variable = sum complete
      for (int o = 0; o < output_lanes; ++o) sum[o] = 0;
      int count = 0;
      for (int channel = 0; channel < Config::channels; channel += output_lanes) {
        for (int ky = 0; ky < Config::pool_height; ++ky) {
          for (int kx = 0; kx < Config::pool_width; ++kx) {
#pragma HLS PIPELINE II = 1
            if (window.inside(ky, kx)) {
              for (int o = 0; o < output_lanes; ++o) sum[o] += window.at(ky, kx, channel + o);
              ++count;
            }
            if (ky == Config::pool_height - 1 && kx == Config::pool_width - 1) {
              table_t<reciprocal_t> reciprocal = reciprocals[0];
              for (int k = 1; k < COUNTS; ++k) {
                if (counts[k] == count) reciprocal = reciprocals[k];
              }
              vector<typename Config::output_t, output_lanes> word;
              for (int o = 0; o < output_lanes; ++o) {
                const exact_t average = product<reciprocal_t>(sum[o], reciprocal);
                word[o] = cast<typename Config::output_t>(average);
                sum[o] = 0;
              }
              output.write(word);
              count = 0;
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
