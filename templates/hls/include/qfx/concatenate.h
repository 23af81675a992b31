// Concatenation of two or more tensors on their channels.
//
//   struct join1_config {
//     using exact_t = ap_fixed<9, 5>;  // holds the values of every input
//     using output_t = ap_fixed<8, 4, AP_RND, AP_SAT>;
//     static constexpr int positions = 32 * 32;
//     static constexpr int output_channels = 48;
//     static constexpr int output_lanes = 8;
//   };
//   concatenate<join1_config, 16, 32>(output, first, second);  // channels of each input; output first: their number is open
// The inputs' types and lanes may differ.
#ifndef QFX_CONCATENATE_H
#define QFX_CONCATENATE_H

#include <hls_stream.h>

#include "raw.h"
#include "vector.h"

namespace qfx {

template <class Config, int... CHANNELS, class... Types, int... LANES>
void concatenate(hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                 hls::stream<vector<Types, LANES>>&... inputs);

}  // namespace qfx

#endif
