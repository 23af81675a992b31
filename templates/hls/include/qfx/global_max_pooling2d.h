// Maximum of each channel over the whole image.
//
//   struct pool1_config {
//     using input_t = ap_ufixed<4, 2>;
//     using output_t = ap_ufixed<4, 2>;
//     static constexpr int positions = 8 * 8, channels = 64;
//     static constexpr int input_lanes = 4, output_lanes = 4;
//   };
//   global_max_pooling2d<pool1_config>(input, output);
#ifndef QFX_GLOBAL_MAX_POOLING2D_H
#define QFX_GLOBAL_MAX_POOLING2D_H

#include <hls_stream.h>

#include "raw.h"
#include "vector.h"

namespace qfx {

template <class Config>
void global_max_pooling2d(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                          hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output);

}  // namespace qfx

#endif
