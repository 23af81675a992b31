// Fully connected layer, applied to the last axis of each position.
//
//   struct dense1_config {
//     using input_t = ap_ufixed<6, 2>;
//     using weight_t = ap_fixed<6, 1>;
//     using bias_t = ap_fixed<8, 2>;    // only read where a bias table is given
//     using exact_t = ap_fixed<18, 9>;  // holds the exact result and every partial sum
//     using output_t = ap_fixed<10, 6, AP_RND, AP_SAT>;
//     static constexpr int positions = 1;  // product of the leading axes
//     static constexpr int input_channels = 784, output_channels = 10;
//     static constexpr int input_lanes = 16, output_lanes = 5;  // each divides its number of channels
//   };
//   dense<dense1_config>(input, output, weights);                      // no bias
//   dense<dense1_config>(input, output, weights, bias);
//   dense<dense1_config>(input, output, weights, bias, weight_shift);  // bias or weight_shift may be qfx::none()
//
// Tables, raw integers:
//   table_t<weight_t> weights[steps][input_lanes * output_lanes], in the order in which they are read:
//     steps = (output_channels / output_lanes) * (input_channels / input_lanes)
//     weights[g * (input_channels / input_lanes) + s][i * output_lanes + o]
//       = kernel[s * input_lanes + i][g * output_lanes + o]               (kernel: [in, out])
//   table_t<bias_t> bias[output_channels]
//   unsigned char weight_shift[output_channels]: weights of channel o are raw * 2^-(binary point of weight_t - weight_shift[o])
#ifndef QFX_DENSE_H
#define QFX_DENSE_H

#include <hls_stream.h>

#include "raw.h"
#include "vector.h"

namespace qfx {

/** Sizes of the weight table of a dense layer. */
template <class Config>
struct dense_table {
  static constexpr int input_steps = Config::input_channels / Config::input_lanes;
  static constexpr int steps = Config::output_channels / Config::output_lanes * input_steps;
  static constexpr int lanes = Config::input_lanes * Config::output_lanes;
};

template <class Config, class Bias = none, class Shift = none>
void dense(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
           hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
           const table_t<typename Config::weight_t> (&weights)[dense_table<Config>::steps][dense_table<Config>::lanes],
           const Bias& bias = Bias(), const Shift& weight_shift = Shift());

}  // namespace qfx

#endif
