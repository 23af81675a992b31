// Two-dimensional convolution: any stride, dilation, padding (with zeros), number of groups.
//
//   struct conv1_config {
//     using input_t = ap_ufixed<8, 0>;    // values of the input stream
//     using weight_t = ap_fixed<6, 1>;    // weights, or a k_hot; with weight_shift: the finest binary point of all channels
//     using bias_t = ap_fixed<8, 2>;      // only read where a bias table is given
//     using exact_t = ap_fixed<20, 7>;    // holds the exact result and every partial sum
//     using output_t = ap_fixed<8, 4, AP_RND, AP_SAT>;  // its modes are those of the one cast at the end
//     static constexpr int input_height = 32, input_width = 32, input_channels = 3;
//     static constexpr int output_height = 32, output_width = 32, output_channels = 16;
//     static constexpr int kernel_height = 3, kernel_width = 3;
//     static constexpr int stride_height = 1, stride_width = 1;
//     static constexpr int dilation_height = 1, dilation_width = 1;
//     static constexpr int padding_top = 1, padding_bottom = 1, padding_left = 1, padding_right = 1;
//     static constexpr int groups = 1;         // output channel o belongs to group o / (output_channels / groups)
//     static constexpr int input_lanes = 3;    // divides input_channels
//     static constexpr int output_lanes = 16;  // divides output_channels
//   };
//   conv2d<conv1_config>(input, output, weights);                      // no bias
//   conv2d<conv1_config>(input, output, weights, bias);
//   conv2d<conv1_config>(input, output, weights, bias, weight_shift);  // bias or weight_shift may be qfx::none()
//
// Tables, raw integers; weights of a k_hot type: words of k_hot.h:
//   table_t<weight_t> weights[steps][multiply_lanes * output_lanes], in the order in which they are read:
//     channels_per_group = input_channels / groups
//     multiply_lanes     = greatest common divisor of input_lanes and channels_per_group (input_lanes if groups = 1)
//     input_steps        = channels_per_group / multiply_lanes
//     steps              = (output_channels / output_lanes) * kernel_height * kernel_width * input_steps
//     weights[((g * kernel_height + ky) * kernel_width + kx) * input_steps + s][i * output_lanes + o]
//       = kernel[ky][kx][s * multiply_lanes + i][g * output_lanes + o]   (kernel: [height, width, in / groups, out])
//   table_t<bias_t> bias[output_channels]
//   unsigned char weight_shift[output_channels]
//     weights of channel o are raw * 2^-(binary point of weight_t - weight_shift[o])
//
// Cycles of an output pixel: its missing input words (about stride_width * input_channels / input_lanes), then `steps`.
#ifndef QFX_CONV2D_H
#define QFX_CONV2D_H

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
};

template <class Config, class Bias = none, class Shift = none>
void conv2d(
    hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
    hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
    const table_t<typename Config::weight_t> (&weights)[conv2d_table<Config>::steps][conv2d_table<Config>::lanes],
    const Bias& bias = Bias(), const Shift& weight_shift = Shift()) {
  using table = conv2d_table<Config>;
  using input_t = typename Config::input_t;
  using weight_t = typename Config::weight_t;
  constexpr int output_lanes = Config::output_lanes;
  constexpr int multiply_lanes = table::multiply_lanes;
  constexpr int outputs_per_group = Config::output_channels / Config::groups;
  // Where the output lanes of one word belong to several groups (depthwise), each lane has inputs of its own.
  constexpr int sets_of_inputs = outputs_per_group % output_lanes == 0 ? 1 : output_lanes;

  static_assert(Config::input_channels % Config::groups == 0 && Config::output_channels % Config::groups == 0,
                "groups divide the channels");
  static_assert(Config::input_channels % Config::input_lanes == 0, "input_lanes divides input_channels");
  static_assert(Config::output_channels % output_lanes == 0, "output_lanes divides output_channels");
#pragma HLS ARRAY_RESHAPE variable = weights complete dim = 2

  // Static: a memory, not registers (and in C simulation not on the stack). Nothing in it survives an image.
  static line_buffer<Config> window;
  window.start_image();

  for (int row = 0; row < Config::output_height; ++row) {
    for (int column = 0; column < Config::output_width; ++column) {
      window.read_window(input, row, column);
#ifdef QFX_SIMULATED_SUMS
      const bool first = row == 0 && column == 0;
      if (simulate_window<Config>(window, output, weights, bias, weight_shift, first)) continue;
#endif

      running_sum_t<Config> sum[output_lanes];
#pragma HLS ARRAY_PARTITION variable = sum complete
      for (int o = 0; o < output_lanes; ++o) sum[o] = 0;
      int step = 0;
      for (int output_channel = 0; output_channel < Config::output_channels; output_channel += output_lanes) {
        for (int ky = 0; ky < Config::kernel_height; ++ky) {
          for (int kx = 0; kx < Config::kernel_width; ++kx) {
            for (int s = 0; s < table::input_steps; ++s) {
#pragma HLS PIPELINE II = 1
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
                  total += product<weight_t>(factor, weights[step][i * output_lanes + o]);
                }
                sum[o] = total;
              }
              ++step;
              if (ky == Config::kernel_height - 1 && kx == Config::kernel_width - 1 && s == table::input_steps - 1) {
                output.write(finish_sums<Config>(sum, bias, weight_shift, output_channel));
                for (int o = 0; o < output_lanes; ++o) sum[o] = 0;
              }
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
