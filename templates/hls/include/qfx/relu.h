// Rectifier: max(x, 0), or min(max(x, 0), maximum).
//
//   struct relu1_config {
//     using input_t = ap_fixed<8, 4>;
//     using exact_t = ap_ufixed<7, 3>;
//     using output_t = ap_ufixed<4, 2, AP_RND, AP_SAT>;
//     static constexpr int values = 32 * 32 * 16;
//     static constexpr int input_lanes = 4, output_lanes = 4;
//     // clipped_relu only:
//     using maximum_t = ap_ufixed<3, 3>;
//     static constexpr long long maximum = 6;  // raw integer of maximum_t
//   };
//   relu<relu1_config>(input, output);
//   clipped_relu<relu1_config>(input, output);
#ifndef QFX_RELU_H
#define QFX_RELU_H

#include <hls_stream.h>

#include "for_each_value.h"
#include "raw.h"

namespace qfx {

template <class Config>
struct rectifier {
  typename Config::exact_t operator()(const typename Config::input_t& x, int) const {
#pragma HLS INLINE
    const typename Config::input_t zero = 0;
    return x > zero ? x : zero;
  }
};

template <class Config>
struct clipped_rectifier {
  typename Config::exact_t operator()(const typename Config::input_t& x, int) const {
#pragma HLS INLINE
    using exact_t = typename Config::exact_t;
    using limits = fixed_traits<typename Config::maximum_t>;
    const typename Config::input_t zero = 0;
    // With the sign of x, and a bit for it: comparisons between signed and unsigned types are not what they seem.
    const fixed_of<limits::word_length + 1, limits::integer_length + 1,
                   fixed_traits<typename Config::input_t>::is_signed>
        maximum = from_raw<typename Config::maximum_t>(Config::maximum);
    return x > maximum ? exact_t(maximum) : x > zero ? exact_t(x) : exact_t(zero);
  }
};

template <class Config>
void relu(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
          hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output) {
  for_each_value<1, Config::values>(input, output, rectifier<Config>());
}

template <class Config>
void clipped_relu(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                  hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output) {
  for_each_value<1, Config::values>(input, output, clipped_rectifier<Config>());
}

}  // namespace qfx

#endif
