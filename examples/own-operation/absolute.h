// |x|, value by value.
//
//   struct absolute1_config {
//     using input_t = ap_fixed<8, 4>;
//     using exact_t = ap_ufixed<8, 4>;
//     using output_t = ap_ufixed<4, 2, AP_RND, AP_SAT>;
//     static constexpr int values = 32 * 32 * 16;
//     static constexpr int input_lanes = 4, output_lanes = 4;
//   };
//   absolute<absolute1_config>(input, output);
#ifndef EXAMPLE_ABSOLUTE_H
#define EXAMPLE_ABSOLUTE_H

#include <hls_stream.h>

#include "qfx/for_each_value.h"

namespace example {

template <class Config>
struct magnitude {
  typename Config::exact_t operator()(const typename Config::input_t& x, int) const {
#pragma HLS INLINE
    using exact_t = typename Config::exact_t;
    const typename Config::input_t zero = 0;
    // A negated value has one bit more than the value, so the smallest one is not lost.
    return x < zero ? exact_t(-x) : exact_t(x);
  }
};

template <class Config>
void absolute(hls::stream<qfx::vector<typename Config::input_t, Config::input_lanes>>& input,
              hls::stream<qfx::vector<typename Config::output_t, Config::output_lanes>>& output) {
  qfx::for_each_value<1, Config::values>(input, output, magnitude<Config>());
}

}  // namespace example

#endif
