// Rectifier with one slope for negative values: x where x >= 0, else alpha * x.
//
//   struct leaky_relu1_config {
//     using input_t = ap_fixed<8, 4>;
//     using exact_t = ap_fixed<11, 4>;  // holds the exact result
//     using output_t = ap_fixed<6, 4, AP_RND, AP_SAT>;
//     static constexpr int values = 32 * 32 * 16;
//     static constexpr int input_lanes = 4, output_lanes = 4;
//     // leaky_relu only:
//     using alpha_t = ap_ufixed<2, -1>;
//     static constexpr long long alpha = 3;  // raw integer of alpha_t
//     // shifting_leaky_relu only:
//     static constexpr int alpha_shift = 3;  // alpha is 2^-alpha_shift
//   };
//   leaky_relu<leaky_relu1_config>(input, output);
//   shifting_leaky_relu<leaky_relu1_config>(input, output);  // without a multiplication
#ifndef QFX_LEAKY_RELU_H
#define QFX_LEAKY_RELU_H

#include <hls_stream.h>

#include "for_each_value.h"
#include "raw.h"

namespace qfx {

template <class Config>
struct leaky_rectifier {
  typename Config::exact_t operator()(const typename Config::input_t& x, int) const {
#pragma HLS INLINE
    using exact_t = typename Config::exact_t;
    const typename Config::input_t zero = 0;
    return x > zero ? exact_t(x) : exact_t(x * from_raw<typename Config::alpha_t>(Config::alpha));
  }
};

template <class Config>
struct shifting_leaky_rectifier {
  typename Config::exact_t operator()(const typename Config::input_t& x, int) const {
#pragma HLS INLINE
    using exact_t = typename Config::exact_t;
    using traits = fixed_traits<typename Config::input_t>;
    // The same bits with the binary point elsewhere: wires.
    using shifted_t = fixed_of<traits::word_length, traits::integer_length - Config::alpha_shift, traits::is_signed>;
    const typename Config::input_t zero = 0;
    return x > zero ? exact_t(x) : exact_t(from_raw<shifted_t>(to_raw(x)));
  }
};

template <class Config>
void leaky_relu(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output) {
  for_each_value<1, Config::values>(input, output, leaky_rectifier<Config>());
}

template <class Config>
void shifting_leaky_relu(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                         hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output) {
  for_each_value<1, Config::values>(input, output, shifting_leaky_rectifier<Config>());
}

}  // namespace qfx

#endif
