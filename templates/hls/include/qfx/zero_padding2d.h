// Rows and columns of zeros around an image.
//
//   struct padding1_config {
//     using input_t = ap_ufixed<4, 2>;
//     using output_t = ap_ufixed<4, 2>;
//     static constexpr int input_height = 32, input_width = 32, channels = 16;
//     static constexpr int padding_top = 0, padding_bottom = 1, padding_left = 0, padding_right = 1;
//     static constexpr int input_lanes = 4, output_lanes = 4;
//   };
//   zero_padding2d<padding1_config>(input, output);
//
// A word a cycle; no memory.
#ifndef QFX_ZERO_PADDING2D_H
#define QFX_ZERO_PADDING2D_H

#include <hls_stream.h>

#include "for_each_value.h"
#include "write_pixel.h"

namespace qfx {

template <class Config>
void zero_padding2d(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                    hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output) {
  for (int row = -Config::padding_top; row < Config::input_height + Config::padding_bottom; ++row) {
    for (int column = -Config::padding_left; column < Config::input_width + Config::padding_right; ++column) {
      const bool inside = row >= 0 && row < Config::input_height && column >= 0 && column < Config::input_width;
      write_pixel<Config::channels>(input, output, inside, identity());
    }
  }
}

}  // namespace qfx

#endif
