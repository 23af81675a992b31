// Index of the largest channel of each position; ties go to the lowest index.
//
//   struct argmax1_config {
//     using input_t = ap_fixed<10, 6>;
//     using exact_t = ap_ufixed<4, 4>;  // holds every index
//     using output_t = ap_ufixed<4, 4>;
//     static constexpr int positions = 1, channels = 10;
//     static constexpr int input_lanes = 5;
//     static constexpr int output_lanes = 1;  // indices in a word; divides the output's last axis
//   };
//   argmax<argmax1_config>(input, output);
#ifndef QFX_ARGMAX_H
#define QFX_ARGMAX_H

#include <hls_stream.h>

#include "raw.h"
#include "vector.h"

namespace qfx {

template <class Config>
void argmax(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
            hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output);

}  // namespace qfx

#endif
