// Convolution of values of one or two bits by weights that are all 1 or -1. Values are taken apart into planes of bits; in a
// plane a sum of products is twice the number of ones that meet a weight of 1, less the number of ones (AND and popcount).
// Planes count 1, 2; the upper one of a type with a sign counts negative. Padding has no ones and adds nothing. The integers
// are those of conv2d. A dense layer is one on an image of one pixel.
//
//   struct conv1_config {
//     using input_t = ap_ufixed<2, 1>;
//     using weight_t = ap_fixed<2, 1>;  // weights are +- its last bit
//     (all else as in conv2d; groups = 1)
//   };
//   bit_plane_conv2d<conv1_config>(input, output, weights);  // further arguments as in conv2d, the table as in binary_conv2d
#ifndef QFX_BIT_PLANE_CONV2D_H
#define QFX_BIT_PLANE_CONV2D_H

#include <hls_stream.h>

#include "binary_conv2d.h"

namespace qfx {

/** Adds the products of one step by counting bits, plane by plane. */
template <class Config>
struct counted_products {
  using input_t = typename Config::input_t;
  static constexpr int input_lanes = Config::input_lanes, output_lanes = Config::output_lanes;
  static constexpr int planes = fixed_traits<input_t>::word_length;
  using bits_t = ap_ufixed<input_lanes, input_lanes>;
  // A sum over the lanes of a step, in units of the products' last bit.
  static constexpr int binary_point = binary_point_of<input_t>() + binary_point_of<typename Config::weight_t>();
  using count_t = ap_fixed<9, 9 - binary_point>;
  static_assert(Config::groups == 1, "one group");
  static_assert(input_lanes <= 64, "a word carries at most 64 bits");
  static_assert(planes <= 2, "values have one or two bits");

  template <class Window>
  static void add(running_sum_t<Config> (&sum)[output_lanes], const Window& window, int ky, int kx, int s, int,
                  const table_t<bits_t> (&weights)[output_lanes]) {
#pragma HLS INLINE
    const bool inside = window.inside(ky, kx);
    unsigned long long bits[planes];
    int ones[planes];
    for (int plane = 0; plane < planes; ++plane) {
      bits[plane] = 0;
      for (int i = 0; i < input_lanes; ++i) {
        if (!inside) continue;
        const unsigned long long x = static_cast<unsigned long long>(to_raw(window.at(ky, kx, s * input_lanes + i)));
        bits[plane] |= (x >> plane & 1) << i;
      }
      ones[plane] = count_ones<input_lanes>(bits[plane]);
    }
    for (int o = 0; o < output_lanes; ++o) {
      const unsigned long long positive = static_cast<unsigned long long>(to_raw(from_table<bits_t>(weights[o])));
      int products = 0;
      for (int plane = 0; plane < planes; ++plane) {
        const int counted = (2 * count_ones<input_lanes>(bits[plane] & positive) - ones[plane]) * (1 << plane);
        const bool is_sign = fixed_traits<input_t>::is_signed && plane == planes - 1;
        products += is_sign ? -counted : counted;
      }
      sum[o] += from_raw<count_t>(products);
    }
  }
};

template <class Config, class Bias = none, class Shift = none>
void bit_plane_conv2d(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                      hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                      const table_t<ap_ufixed<Config::input_lanes, Config::input_lanes>> (
                          &weights)[conv2d_table<Config>::steps][Config::output_lanes],
                      const Bias& bias = Bias(), const Shift& weight_shift = Shift()) {
  convolve<Config, counted_products<Config>>(input, output, weights, bias, weight_shift);
}

}  // namespace qfx

#endif
