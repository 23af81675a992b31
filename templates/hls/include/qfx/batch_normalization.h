// Batch normalization as the affine map that it is after training: scale[c] * x + offset[c] for each channel c.
//
//   struct norm1_config {
//     using input_t = ap_fixed<10, 5>;
//     using scale_t = ap_fixed<6, 2>;
//     using offset_t = ap_fixed<8, 4>;
//     using exact_t = ap_fixed<17, 8>;  // holds the exact result and the product
//     using output_t = ap_fixed<8, 4, AP_RND, AP_SAT>;
//     static constexpr int positions = 32 * 32, channels = 16;
//     static constexpr int input_lanes = 4, output_lanes = 4;
//   };
//   batch_normalization<norm1_config>(input, output, scale, offset);
//   batch_normalization<norm1_config>(input, output, scale, offset, scale_shift);
//
// Tables, raw integers:
//   table_t<scale_t> scale[channels]
//   table_t<offset_t> offset[channels]
//   unsigned char scale_shift[channels]: scale of channel c is raw * 2^-(binary point of scale_t - scale_shift[c])
#ifndef QFX_BATCH_NORMALIZATION_H
#define QFX_BATCH_NORMALIZATION_H

#include <hls_stream.h>

#include "raw.h"
#include "vector.h"

namespace qfx {

template <class Config, class Shift = none>
void batch_normalization(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                         hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                         const table_t<typename Config::scale_t> (&scale)[Config::channels],
                         const table_t<typename Config::offset_t> (&offset)[Config::channels],
                         const Shift& scale_shift = Shift());

}  // namespace qfx

#endif
