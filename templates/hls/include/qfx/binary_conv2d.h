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

#include "vector.h"
#include "weighted_window.h"

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

/** Adds the products of one step by counting the bits in which values and weights differ. */
template <class Config>
struct compared_products {
  static constexpr int input_lanes = Config::input_lanes, output_lanes = Config::output_lanes;
  using bits_t = ap_ufixed<input_lanes, input_lanes>;
  // A sum over the lanes of a step, in units of the weights' last bit.
  using count_t = ap_fixed<9, 9 - binary_point_of<typename Config::weight_t>()>;
  static_assert(Config::groups == 1, "one group");
  static_assert(input_lanes <= 64, "a word carries at most 64 bits");

  template <class Window>
  static void add(running_sum_t<Config> (&sum)[output_lanes], const Window& window, int ky, int kx, int s, int,
                  const table_t<bits_t> (&weights)[output_lanes]) {
#pragma HLS INLINE
    const bool inside = window.inside(ky, kx);
    unsigned long long x = 0;
    for (int i = 0; i < input_lanes; ++i) {
      const typename Config::input_t zero = 0;
      if (inside && window.at(ky, kx, s * input_lanes + i) > zero) x |= 1ULL << i;
    }
    for (int o = 0; o < output_lanes; ++o) {
      const unsigned long long unequal = x ^ to_raw(from_table<bits_t>(weights[o]));
      const int products = input_lanes - 2 * count_ones<input_lanes>(unequal);
      if (inside) sum[o] += from_raw<count_t>(products);
    }
  }
};

template <class Config, class Bias = none, class Shift = none>
void binary_conv2d(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                   hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                   const table_t<ap_ufixed<Config::input_lanes, Config::input_lanes>> (
                       &weights)[conv2d_table<Config>::steps][Config::output_lanes],
                   const Bias& bias = Bias(), const Shift& weight_shift = Shift()) {
  convolve<Config, compared_products<Config>>(input, output, weights, bias, weight_shift);
}

}  // namespace qfx

#endif
