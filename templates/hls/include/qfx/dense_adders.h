// Fully connected layer whose weights are an adder graph (adders.h).
//
// The configuration is that of dense.h, without weight_t; Adders::sum computes all outputs from all inputs.
//   dense_adders<dense1_config, dense1_adders>(input, output);
//   dense_adders<dense1_config, dense1_adders>(input, output, bias);
//
// Cycles of a position: its input words, the depth of the adders, its output words.
#ifndef QFX_DENSE_ADDERS_H
#define QFX_DENSE_ADDERS_H

#include <hls_stream.h>

#include "adders.h"
#include "vector.h"

namespace qfx {

template <class Config, class Adders, class Bias = none>
void dense_adders(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                  hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                  const Bias& bias = Bias()) {
  static_assert(Config::input_channels % Config::input_lanes == 0, "input_lanes divides input_channels");
  static_assert(Config::output_channels % Config::output_lanes == 0, "output_lanes divides output_channels");
  typename Config::input_t x[Config::input_channels];
#pragma HLS ARRAY_PARTITION variable = x complete
  typename Config::exact_t y[Config::output_channels];
#pragma HLS ARRAY_PARTITION variable = y complete
  for (int position = 0; position < Config::positions; ++position) {
    for (int channel = 0; channel < Config::input_channels; channel += Config::input_lanes) {
#pragma HLS PIPELINE II = 1
      const vector<typename Config::input_t, Config::input_lanes> word = input.read();
      for (int i = 0; i < Config::input_lanes; ++i) {
#pragma HLS UNROLL
        x[channel + i] = word[i];
      }
    }
    Adders::sum(x, y);
    write_sums<Config>(output, y, bias);
  }
}

}  // namespace qfx

#endif
