// Sign: 1 where x >= 0, else -1.
//
//   struct sign1_config {
//     using input_t = ap_fixed<8, 4>;
//     using exact_t = ap_fixed<2, 2>;  // of values without a sign, all of which give 1, ap_ufixed<1, 1>
//     using output_t = ap_fixed<2, 2>;
//     static constexpr int values = 32 * 32 * 16;
//     static constexpr int input_lanes = 4, output_lanes = 4;
//   };
//   sign<sign1_config>(input, output);
#ifndef QFX_SIGN_H
#define QFX_SIGN_H

#include <hls_stream.h>

#include "for_each_value.h"

namespace qfx {

template <class Config>
struct sign_taker {
  typename Config::exact_t operator()(const typename Config::input_t& x, int) const {
#pragma HLS INLINE
    using exact_t = typename Config::exact_t;
    const typename Config::input_t zero = 0;
    return x < zero ? exact_t(-1) : exact_t(1);
  }
};

template <class Config>
void sign(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
          hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output) {
  for_each_value<1, Config::values>(input, output, sign_taker<Config>());
}

}  // namespace qfx

#endif
