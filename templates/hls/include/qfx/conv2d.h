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

#include "vector.h"
#include "weighted_window.h"

namespace qfx {

template <class Config, class Bias = none, class Shift = none>
void conv2d(
    hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
    hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
    const table_t<typename Config::weight_t> (&weights)[conv2d_table<Config>::steps][conv2d_table<Config>::lanes],
    const Bias& bias = Bias(), const Shift& weight_shift = Shift()) {
  convolve<Config, multiplied_products<Config>>(input, output, weights, bias, weight_shift);
}

}  // namespace qfx

#endif
