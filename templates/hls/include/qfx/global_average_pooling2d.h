// Average of each channel over the whole image: the exact sum times one constant reciprocal, then one cast.
//
//   struct pool1_config {
//     using input_t = ap_ufixed<4, 2>;
//     using sum_t = ap_ufixed<10, 8>;        // holds the exact sum of a channel
//     using reciprocal_t = ap_ufixed<8, -5>;
//     using exact_t = ap_ufixed<18, 3>;      // holds sum * reciprocal
//     using output_t = ap_ufixed<4, 2, AP_RND, AP_SAT>;
//     static constexpr int positions = 8 * 8, channels = 64;
//     static constexpr int input_lanes = 4, output_lanes = 4;
//   };
//   global_average_pooling2d<pool1_config>(input, output, reciprocals);  // table_t<reciprocal_t> reciprocals[1], raw integer
#ifndef QFX_GLOBAL_AVERAGE_POOLING2D_H
#define QFX_GLOBAL_AVERAGE_POOLING2D_H

#include <hls_stream.h>

#include "raw.h"
#include "vector.h"

namespace qfx {

template <class Config>
void global_average_pooling2d(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                              hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                              const table_t<typename Config::reciprocal_t> (&reciprocals)[1]);

}  // namespace qfx

#endif
