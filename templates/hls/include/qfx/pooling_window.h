// The window of a pooling layer, in the terms of line_buffer.
#ifndef QFX_POOLING_WINDOW_H
#define QFX_POOLING_WINDOW_H

#include "line_buffer.h"

namespace qfx {

template <class Config>
struct pooling_geometry : Config {
  static constexpr int input_channels = Config::channels;
  static constexpr int kernel_height = Config::pool_height, kernel_width = Config::pool_width;
  static constexpr int dilation_height = 1, dilation_width = 1;
};

template <class Config>
using pooling_window = line_buffer<pooling_geometry<Config>>;

}  // namespace qfx

#endif
