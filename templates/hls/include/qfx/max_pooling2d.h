// Maximum over windows. Padding never wins; every window contains at least one real value.
//
//   struct pool1_config {
//     using input_t = ap_ufixed<4, 2>;
//     using output_t = ap_ufixed<4, 2>;
//     static constexpr int channels = 16;
//     static constexpr int input_height = 32, input_width = 32, output_height = 16, output_width = 16;
//     static constexpr int pool_height = 2, pool_width = 2;
//     static constexpr int stride_height = 2, stride_width = 2;
//     static constexpr int padding_top = 0, padding_bottom = 0, padding_left = 0, padding_right = 0;
//     static constexpr int input_lanes = 4, output_lanes = 4;
//   };
//   max_pooling2d<pool1_config>(input, output);
//
// Cycles: for each output pixel the missing input words, then (channels / output_lanes) * pool_height * pool_width.
#ifndef QFX_MAX_POOLING2D_H
#define QFX_MAX_POOLING2D_H

#include <hls_stream.h>

#include "raw.h"
#include "vector.h"

namespace qfx {

template <class Config>
void max_pooling2d(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                   hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output);

}  // namespace qfx

#endif
