// Product of two tensors of one shape, value by value.
//
//   struct multiply1_config {
//     using exact_t = ap_fixed<16, 8>;  // holds the exact product
//     using output_t = ap_fixed<8, 4, AP_RND, AP_SAT>;
//     static constexpr int values = 32 * 32 * 16;              // of one tensor
//     static constexpr int input_lanes = 4, output_lanes = 8;  // both inputs come with the same lanes
//   };
//   multiply<multiply1_config>(output, first, second);  // the inputs' types may differ
#ifndef QFX_MULTIPLY_H
#define QFX_MULTIPLY_H

#include <hls_stream.h>

#include "for_each_value.h"

namespace qfx {

template <class Config>
struct product_of_values {
  template <class First, class Second>
  typename Config::exact_t operator()(int, const First& first, const Second& second) const {
#pragma HLS INLINE
    return first * second;
  }
};

template <class Config, class First, class Second>
void multiply(hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
        hls::stream<vector<First, Config::input_lanes>>& first,
        hls::stream<vector<Second, Config::input_lanes>>& second) {
  combine_values<1, Config::values>(output, product_of_values<Config>(), first, second);
}

}  // namespace qfx

#endif
