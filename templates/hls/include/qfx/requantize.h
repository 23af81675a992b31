// The identity with a cast. Also the body of flatten and reshape, whose order of values is that of their input.
//
//   struct requantize1_config {
//     using input_t = ap_fixed<12, 4>;
//     using output_t = ap_fixed<6, 2, AP_RND, AP_SAT>;
//     static constexpr int values = 32 * 32 * 16;
//     static constexpr int input_lanes = 4, output_lanes = 8;
//   };
//   requantize<requantize1_config>(input, output);
#ifndef QFX_REQUANTIZE_H
#define QFX_REQUANTIZE_H

#include <hls_stream.h>

#include "for_each_value.h"

namespace qfx {

template <class Config>
void requantize(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output) {
  for_each_value<1, Config::values>(input, output, identity());
}

}  // namespace qfx

#endif
