// Convolution of values by weights that are all 1 or -1, and of values that are all 1 or -1 themselves: a bit each. A sum of
// products is twice the number of equal bits less the number of bits (XNOR and popcount); padding adds nothing. The integers are
// those of conv2d. A dense layer is one on an image of one pixel.
//
//   struct conv1_config {
//     using input_t = ap_fixed<2, 2>;   // its values are 1 and -1
//     using weight_t = ap_fixed<2, 1>;  // weights are +- its last bit
//     (all else as in conv2d; groups = 1)
//   };
//   binary_conv2d<conv1_config>(input, output, weights);  // further arguments as in conv2d
//
// Table: table_t<ap_ufixed<input_lanes, input_lanes>> weights[steps][output_lanes], rows in conv2d's order. Bit i of
// weights[step][o] is 1 where conv2d's weights[step][i * output_lanes + o] is 1, and 0 where it is -1.
#ifndef QFX_BINARY_CONV2D_H
#define QFX_BINARY_CONV2D_H

#include <hls_stream.h>

#include "conv2d.h"

namespace qfx {

/** Bits that are 1 among the lowest LANES of a word. */
template <int LANES>
inline int count_ones(unsigned long long bits) {
#pragma HLS INLINE
  int count = 0;
  for (int lane = 0; lane < LANES; ++lane) {
#pragma HLS UNROLL
    count += int(bits >> lane & 1);
  }
  return count;
}

template <class Config, class Bias = none, class Shift = none>
void binary_conv2d(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                   hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                   const table_t<ap_ufixed<Config::input_lanes, Config::input_lanes>> (
                       &weights)[conv2d_table<Config>::steps][Config::output_lanes],
                   const Bias& bias = Bias(), const Shift& weight_shift = Shift()) {
  constexpr int input_lanes = Config::input_lanes, output_lanes = Config::output_lanes;
  using bits_t = ap_ufixed<input_lanes, input_lanes>;
  // A sum over the lanes of a step, in units of the weights' last bit.
  using count_t = ap_fixed<9, 9 - binary_point_of<typename Config::weight_t>()>;
  static_assert(Config::groups == 1, "one group");
  static_assert(input_lanes <= 64, "a word carries at most 64 bits");
  static_assert(Config::input_channels % input_lanes == 0, "input_lanes divides input_channels");
  static_assert(Config::output_channels % output_lanes == 0, "output_lanes divides output_channels");
#pragma HLS ARRAY_RESHAPE variable = weights complete dim = 2

  // Static: a memory, not registers (and in C simulation not on the stack). Nothing in it survives an image.
  static line_buffer<Config> window;
  window.start_image();
  for (int row = 0; row < Config::output_height; ++row) {
    for (int column = 0; column < Config::output_width; ++column) {
      window.read_window(input, row, column);

      running_sum_t<Config> sum[output_lanes];
#pragma HLS ARRAY_PARTITION variable = sum complete
      for (int o = 0; o < output_lanes; ++o) sum[o] = 0;
      int step = 0;
      for (int output_channel = 0; output_channel < Config::output_channels; output_channel += output_lanes) {
        for (int ky = 0; ky < Config::kernel_height; ++ky) {
          for (int kx = 0; kx < Config::kernel_width; ++kx) {
            for (int s = 0; s < conv2d_table<Config>::input_steps; ++s) {
#pragma HLS PIPELINE II = 1
              const bool inside = window.inside(ky, kx);
              unsigned long long x = 0;
              for (int i = 0; i < input_lanes; ++i) {
                const typename Config::input_t zero = 0;
                if (inside && window.at(ky, kx, s * input_lanes + i) > zero) x |= 1ULL << i;
              }
              for (int o = 0; o < output_lanes; ++o) {
                const unsigned long long unequal = x ^ to_raw(from_table<bits_t>(weights[step][o]));
                const int products = input_lanes - 2 * count_ones<input_lanes>(unequal);
                if (inside) sum[o] += from_raw<count_t>(products);
              }
              ++step;
              if (ky == Config::kernel_height - 1 && kx == Config::kernel_width - 1 &&
                  s == conv2d_table<Config>::input_steps - 1) {
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
