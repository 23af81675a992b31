// Nearest neighbour up-sampling: every pixel becomes a rectangle of equal ones.
//
//   struct up1_config {
//     using input_t = ap_ufixed<4, 2>;
//     using output_t = ap_ufixed<4, 2>;
//     static constexpr int input_height = 16, input_width = 16, channels = 16;
//     static constexpr int size_height = 2, size_width = 2;  // how often each row and each column comes
//     static constexpr int input_lanes = 4, output_lanes = 4;
//   };
//   up_sampling2d<up1_config>(input, output);
//
// A word a cycle; one row of the image is kept.
#ifndef QFX_UP_SAMPLING2D_H
#define QFX_UP_SAMPLING2D_H

#include <hls_stream.h>

#include "write_pixel.h"

namespace qfx {

/** The value that arrives, which is kept, or the one that was kept. */
template <class Config>
struct kept_value {
  typename Config::input_t (&pixel)[Config::channels];
  bool arrives;

  typename Config::input_t operator()(const typename Config::input_t& x, int channel) const {
#pragma HLS INLINE
    if (arrives) pixel[channel] = x;
    return arrives ? x : pixel[channel];
  }
};

template <class Config>
void up_sampling2d(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                   hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output) {
  // Static: a memory, not registers. Each value is written before it is read, so nothing survives an image.
  static typename Config::input_t values[Config::input_width][Config::channels];
#pragma HLS ARRAY_RESHAPE variable = values cyclic factor = Config::output_lanes dim = 2

  for (int row = 0; row < Config::input_height; ++row) {
    for (int again = 0; again < Config::size_height; ++again) {
      for (int column = 0; column < Config::input_width; ++column) {
        for (int copy = 0; copy < Config::size_width; ++copy) {
          const bool arrives = again == 0 && copy == 0;
          write_pixel<Config::channels>(input, output, arrives, kept_value<Config>{values[column], arrives});
        }
      }
    }
  }
}

}  // namespace qfx

#endif
