// Fully connected layer, applied to the last axis of each position.
//
//   struct dense1_config {
//     using input_t = ap_ufixed<6, 2>;
//     using weight_t = ap_fixed<6, 1>;  // or a k_hot
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
// Tables, raw integers; weights of a k_hot type: words of k_hot.h:
//   table_t<weight_t> weights[steps][input_lanes * output_lanes], in the order in which they are read:
//     steps = (output_channels / output_lanes) * (input_channels / input_lanes)
//     weights[g * (input_channels / input_lanes) + s][i * output_lanes + o]
//       = kernel[s * input_lanes + i][g * output_lanes + o]               (kernel: [in, out])
//   table_t<bias_t> bias[output_channels]
//   unsigned char weight_shift[output_channels]
//     weights of channel o are raw * 2^-(binary point of weight_t - weight_shift[o])
#ifndef QFX_DENSE_H
#define QFX_DENSE_H

#include <hls_stream.h>

#include "multiply_accumulate.h"
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
           const Bias& bias = Bias(), const Shift& weight_shift = Shift()) {
  using weight_t = typename Config::weight_t;
  constexpr int input_lanes = Config::input_lanes, output_lanes = Config::output_lanes;
  constexpr int input_steps = dense_table<Config>::input_steps;
  static_assert(Config::input_channels % input_lanes == 0, "input_lanes divides input_channels");
  static_assert(Config::output_channels % output_lanes == 0, "output_lanes divides output_channels");
#pragma HLS ARRAY_RESHAPE variable = weights complete dim = 2

  // All inputs of one position. Static: a memory, not registers. Each word is written before it is read.
  static vector<typename Config::input_t, input_lanes> words[input_steps];
  running_sum_t<Config> sum[output_lanes];
#pragma HLS ARRAY_PARTITION variable = sum complete
  for (int o = 0; o < output_lanes; ++o) {
#pragma HLS UNROLL
    sum[o] = 0;
  }

  for (int position = 0; position < Config::positions; ++position) {
#ifdef QFX_SIMULATED_SUMS
    if (simulate_position<Config>(input, output, weights, bias, weight_shift, position == 0)) continue;
#endif
    int step = 0;
    for (int output_channel = 0; output_channel < Config::output_channels; output_channel += output_lanes) {
      for (int s = 0; s < input_steps; ++s) {
#pragma HLS PIPELINE II = 1
        if (output_channel == 0) words[s] = input.read();
        for (int o = 0; o < output_lanes; ++o) {
          running_sum_t<Config> total = sum[o];
          for (int i = 0; i < input_lanes; ++i) {
            total += product<weight_t>(words[s][i], weights[step][i * output_lanes + o]);
          }
          sum[o] = total;
        }
        ++step;
        if (s == input_steps - 1) {
          output.write(finish_sums<Config>(sum, bias, weight_shift, output_channel));
          for (int o = 0; o < output_lanes; ++o) sum[o] = 0;
        }
      }
    }
  }
}

}  // namespace qfx

#endif
