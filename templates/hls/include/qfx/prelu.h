// Rectifier with a slope per channel for negative values: x where x >= 0, else alpha[c] * x.
//
//   struct prelu1_config {
//     using input_t = ap_fixed<8, 4>;
//     using alpha_t = ap_fixed<5, 1>;
//     using exact_t = ap_fixed<12, 4>;  // holds the exact result
//     using output_t = ap_fixed<6, 4, AP_RND, AP_SAT>;
//     static constexpr int positions = 32 * 32, channels = 16;
//     static constexpr int input_lanes = 4, output_lanes = 4;
//   };
//   prelu<prelu1_config>(input, output, alpha);
//   prelu<prelu1_config>(input, output, alpha, alpha_shift);
//
// Tables, raw integers:
//   table_t<alpha_t> alpha[channels]
//   unsigned char alpha_shift[channels]: alpha of channel c is raw * 2^-(binary point of alpha_t - alpha_shift[c])
#ifndef QFX_PRELU_H
#define QFX_PRELU_H

#include <hls_stream.h>

#include "for_each_value.h"
#include "multiply_accumulate.h"
#include "raw.h"

namespace qfx {

template <class Config, class Shift>
struct sloped_rectifier {
  const table_t<typename Config::alpha_t> (&alpha)[Config::channels];
  const Shift& alpha_shift;

  typename Config::exact_t operator()(const typename Config::input_t& x, int channel) const {
#pragma HLS INLINE
    using exact_t = typename Config::exact_t;
    const typename Config::input_t zero = 0;
    const exact_t sloped = product<typename Config::alpha_t>(x, alpha[channel]);
    return x > zero ? exact_t(x) : shift_left(sloped, alpha_shift, channel);
  }
};

template <class Config, class Shift = none>
void prelu(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
           hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
           const table_t<typename Config::alpha_t> (&alpha)[Config::channels], const Shift& alpha_shift = Shift()) {
  for_each_value<Config::positions, Config::channels>(input, output,
                                                      sloped_rectifier<Config, Shift>{alpha, alpha_shift});
}

}  // namespace qfx

#endif
