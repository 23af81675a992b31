// Reshape: the order of the values survives, only the lanes and the type may change.
//
// The configuration is that of requantize (input_t, output_t, values, input_lanes, output_lanes); input_lanes divides
// the input's last axis, output_lanes the output's.
//   reshape<reshape1_config>(input, output);
#ifndef QFX_RESHAPE_H
#define QFX_RESHAPE_H

#include "requantize.h"

namespace qfx {

template <class Config>
void reshape(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
             hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output) {
#pragma HLS INLINE
  requantize<Config>(input, output);
}

}  // namespace qfx

#endif
