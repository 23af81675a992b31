// Average over windows: the exact sum of the real values times a constant reciprocal of their number (padding does
// not count), then one cast.
//
//   struct pool1_config {
//     using input_t = ap_ufixed<4, 2>;
//     using sum_t = ap_ufixed<6, 4>;         // holds the exact sum of a window
//     using reciprocal_t = ap_ufixed<8, 0>;
//     using exact_t = ap_ufixed<14, 4>;      // holds sum * reciprocal
//     using output_t = ap_ufixed<4, 2, AP_RND, AP_SAT>;
//     (sizes, stride, padding and lanes as in max_pooling2d)
//   };
//   average_pooling2d<pool1_config>(input, output, counts, reciprocals);
//
// Tables of equal length, one entry for each number of real values that a window of this layer can have:
//   int counts[]                          distinct, ascending
//   table_t<reciprocal_t> reciprocals[]   raw integers
#ifndef QFX_AVERAGE_POOLING2D_H
#define QFX_AVERAGE_POOLING2D_H

#include <hls_stream.h>

#include "raw.h"
#include "vector.h"

namespace qfx {

template <class Config, int COUNTS>
void average_pooling2d(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                       hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                       const int (&counts)[COUNTS],
                       const table_t<typename Config::reciprocal_t> (&reciprocals)[COUNTS]);

}  // namespace qfx

#endif
