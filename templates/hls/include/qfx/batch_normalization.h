// Batch normalization as the affine map that it is after training: scale[c] * x + offset[c] for each channel c.
//
//   struct norm1_config {
//     using input_t = ap_fixed<10, 5>;
//     using scale_t = ap_fixed<6, 2>;  // or a k_hot
//     using offset_t = ap_fixed<8, 4>;
//     using exact_t = ap_fixed<17, 8>;  // holds the exact result and the product
//     using output_t = ap_fixed<8, 4, AP_RND, AP_SAT>;
//     static constexpr int positions = 32 * 32, channels = 16;
//     static constexpr int input_lanes = 4, output_lanes = 4;
//   };
//   batch_normalization<norm1_config>(input, output, scale, offset);
//   batch_normalization<norm1_config>(input, output, scale, offset, scale_shift);
//
// Tables, raw integers; the scale of a k_hot type: words of k_hot.h:
//   table_t<scale_t> scale[channels]
//   table_t<offset_t> offset[channels]
//   unsigned char scale_shift[channels]: scale of channel c is raw * 2^-(binary point of scale_t - scale_shift[c])
#ifndef QFX_BATCH_NORMALIZATION_H
#define QFX_BATCH_NORMALIZATION_H

#include <hls_stream.h>

#include "for_each_value.h"
#include "multiply_accumulate.h"
#include "raw.h"

namespace qfx {

template <class Config, class Shift>
struct affine_map {
  const table_t<typename Config::scale_t> (&scale)[Config::channels];
  const table_t<typename Config::offset_t> (&offset)[Config::channels];
  const Shift& scale_shift;

  typename Config::exact_t operator()(const typename Config::input_t& x, int channel) const {
#pragma HLS INLINE
    const typename Config::exact_t scaled = product<typename Config::scale_t>(x, scale[channel]);
    return shift_left(scaled, scale_shift, channel) + from_table<typename Config::offset_t>(offset[channel]);
  }
};

template <class Config, class Shift = none>
void batch_normalization(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                         hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                         const table_t<typename Config::scale_t> (&scale)[Config::channels],
                         const table_t<typename Config::offset_t> (&offset)[Config::channels],
                         const Shift& scale_shift = Shift()) {
  for_each_value<Config::positions, Config::channels>(input, output,
                                                      affine_map<Config, Shift>{scale, offset, scale_shift});
}

}  // namespace qfx

#endif
