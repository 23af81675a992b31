// The outputs of one pixel from the values under a window: shared by convolutions, however their products are made.
#ifndef QFX_WEIGHTED_WINDOW_H
#define QFX_WEIGHTED_WINDOW_H

#include <hls_stream.h>

#include "line_buffer.h"
#include "multiply_accumulate.h"
#include "vector.h"

namespace qfx {

/** Sizes of the weight table of a convolution. */
template <class Config>
struct conv2d_table {
  static constexpr int channels_per_group = Config::input_channels / Config::groups;
  static constexpr int multiply_lanes = greatest_common_divisor(Config::input_lanes, channels_per_group);
  static constexpr int input_steps = channels_per_group / multiply_lanes;
  static constexpr int steps =
      Config::output_channels / Config::output_lanes * Config::kernel_height * Config::kernel_width * input_steps;
  static constexpr int lanes = multiply_lanes * Config::output_lanes;
  static_assert(Config::input_channels % Config::groups == 0 && Config::output_channels % Config::groups == 0,
                "groups divide the channels");
  static_assert(Config::input_channels % Config::input_lanes == 0, "input_lanes divides input_channels");
  static_assert(Config::output_channels % Config::output_lanes == 0, "output_lanes divides output_channels");
};

/** Adds the products of one step, by multiplications with raw integers or by shifts and additions with K-hot words. */
template <class Config>
struct multiplied_products {
  using table = conv2d_table<Config>;
  using input_t = typename Config::input_t;
  using weight_t = typename Config::weight_t;
  static constexpr int output_lanes = Config::output_lanes;
  static constexpr int multiply_lanes = table::multiply_lanes;
  static constexpr int outputs_per_group = Config::output_channels / Config::groups;
  // Where the output lanes of one word belong to several groups (depthwise), each lane has inputs of its own.
  static constexpr int sets_of_inputs = outputs_per_group % output_lanes == 0 ? 1 : output_lanes;

  template <class Window>
  static void add(running_sum_t<Config> (&sum)[output_lanes], const Window& window, int ky, int kx, int s,
                  int output_channel, const table_t<weight_t> (&weights)[table::lanes]) {
#pragma HLS INLINE
    input_t x[multiply_lanes][sets_of_inputs];
#pragma HLS ARRAY_PARTITION variable = x complete dim = 0
    const bool inside = window.inside(ky, kx);
    for (int i = 0; i < multiply_lanes; ++i) {
      for (int set = 0; set < sets_of_inputs; ++set) {
        const int group = Config::groups == 1 ? 0 : (output_channel + set) / outputs_per_group;
        const int channel = group * table::channels_per_group + s * multiply_lanes + i;
        x[i][set] = inside ? window.at(ky, kx, channel) : input_t(0);
      }
    }
    for (int o = 0; o < output_lanes; ++o) {
      running_sum_t<Config> total = sum[o];
      for (int i = 0; i < multiply_lanes; ++i) {
        const input_t& factor = x[i][sets_of_inputs == 1 ? 0 : o];
        total += product<weight_t>(factor, weights[i * output_lanes + o]);
      }
      sum[o] = total;
    }
  }
};

/** Writes all outputs of the pixel at a window; its weights begin at a row of the table. */
template <class Config, class Products, class Window, class Element, int STEPS, int LANES, class Bias, class Shift>
inline void write_window_sums(const Window& window,
                              hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                              const Element (&weights)[STEPS][LANES], int first_step, const Bias& bias,
                              const Shift& weight_shift) {
#pragma HLS INLINE
  constexpr int output_lanes = Config::output_lanes, input_steps = conv2d_table<Config>::input_steps;
  running_sum_t<Config> sum[output_lanes];
#pragma HLS ARRAY_PARTITION variable = sum complete
  for (int o = 0; o < output_lanes; ++o) sum[o] = 0;
  int step = first_step;
  for (int output_channel = 0; output_channel < Config::output_channels; output_channel += output_lanes) {
    for (int ky = 0; ky < Config::kernel_height; ++ky) {
      for (int kx = 0; kx < Config::kernel_width; ++kx) {
        for (int s = 0; s < input_steps; ++s) {
#pragma HLS PIPELINE II = 1
          Products::add(sum, window, ky, kx, s, output_channel, weights[step]);
          ++step;
          if (ky == Config::kernel_height - 1 && kx == Config::kernel_width - 1 && s == input_steps - 1) {
            output.write(finish_sums<Config>(sum, bias, weight_shift, output_channel));
            for (int o = 0; o < output_lanes; ++o) sum[o] = 0;
          }
        }
      }
    }
  }
}

/** A convolution whose products are made by Products, window by window. */
template <class Config, class Products, class Element, int STEPS, int LANES, class Bias, class Shift>
inline void convolve(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                     hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                     const Element (&weights)[STEPS][LANES], const Bias& bias, const Shift& weight_shift) {
#pragma HLS INLINE
#pragma HLS ARRAY_RESHAPE variable = weights complete dim = 2
  // Static: a memory, not registers (and in C simulation not on the stack). Nothing in it survives an image.
  static line_buffer<Config> window;
  window.start_image();
  for (int row = 0; row < Config::output_height; ++row) {
    for (int column = 0; column < Config::output_width; ++column) {
      window.read_window(input, row, column);
#ifdef QFX_SIMULATED_SUMS
      const bool first = row == 0 && column == 0;
      if (simulate_window<Products>(window, output, weights, bias, weight_shift, first)) continue;
#endif
      write_window_sums<Config, Products>(window, output, weights, 0, bias, weight_shift);
    }
  }
  window.read_rest(input);
}

}  // namespace qfx

#endif
