// Two-dimensional convolution whose weights are an adder graph (adders.h).
//
// The configuration is that of conv2d.h, without weight_t; Adders::sum computes all outputs of a pixel from the values
// under its window, x[(ky * kernel_width + kx) * input_channels + channel].
//   conv2d_adders<conv1_config, conv1_adders>(input, output);
//   conv2d_adders<conv1_config, conv1_adders>(input, output, bias);
//
// Cycles of an output pixel: its missing input words, kernel_height * kernel_width * input_channels / input_lanes to
// collect the window, the depth of the adders, its output words.
#ifndef QFX_CONV2D_ADDERS_H
#define QFX_CONV2D_ADDERS_H

#include <hls_stream.h>

#include "adders.h"
#include "line_buffer.h"
#include "vector.h"

namespace qfx {

template <class Config, class Adders, class Bias = none>
void conv2d_adders(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                   hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                   const Bias& bias = Bias()) {
  using input_t = typename Config::input_t;
  constexpr int channels = Config::input_channels, taps = Config::kernel_height * Config::kernel_width;
  static_assert(channels % Config::input_lanes == 0, "input_lanes divides input_channels");
  static_assert(Config::output_channels % Config::output_lanes == 0, "output_lanes divides output_channels");
  input_t x[taps * channels];
#pragma HLS ARRAY_PARTITION variable = x complete
  typename Config::exact_t y[Config::output_channels];
#pragma HLS ARRAY_PARTITION variable = y complete

  static line_buffer<Config> window;  // static: a memory; nothing in it survives an image
  window.start_image();
  for (int row = 0; row < Config::output_height; ++row) {
    for (int column = 0; column < Config::output_width; ++column) {
      window.read_window(input, row, column);
      for (int ky = 0; ky < Config::kernel_height; ++ky) {
        for (int kx = 0; kx < Config::kernel_width; ++kx) {
          const bool inside = window.inside(ky, kx);
          for (int channel = 0; channel < channels; channel += Config::input_lanes) {
#pragma HLS PIPELINE II = 1
            for (int i = 0; i < Config::input_lanes; ++i) {
#pragma HLS UNROLL
              x[(ky * Config::kernel_width + kx) * channels + channel + i] =
                  inside ? window.at(ky, kx, channel + i) : input_t(0);
            }
          }
        }
      }
      Adders::sum(x, y);
      write_sums<Config>(output, y, bias);
    }
  }
  window.read_rest(input);
}

}  // namespace qfx

#endif
