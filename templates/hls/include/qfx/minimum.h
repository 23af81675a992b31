// The smaller one of two values, for two tensors of one shape; binary points are aligned exactly.
//
//   struct minimum1_config {
//     using operand_t = ap_fixed<8, 4>;  // holds the values of both inputs
//     using exact_t = ap_fixed<8, 4>;    // holds the results: never above the largest value of either input
//     using output_t = ap_fixed<8, 4, AP_RND, AP_SAT>;
//     static constexpr int values = 32 * 32 * 16;              // of one tensor
//     static constexpr int input_lanes = 4, output_lanes = 8;  // both inputs come with the same lanes
//   };
//   minimum<minimum1_config>(output, first, second);  // the inputs' types may differ
#ifndef QFX_MINIMUM_H
#define QFX_MINIMUM_H

#include <hls_stream.h>

#include "for_each_value.h"

namespace qfx {

template <class Config>
struct smaller_value {
  template <class First, class Second>
  typename Config::exact_t operator()(int, const First& first, const Second& second) const {
#pragma HLS INLINE
    const typename Config::operand_t a = first, b = second;
    return a < b ? a : b;
  }
};

template <class Config, class First, class Second>
void minimum(hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
        hls::stream<vector<First, Config::input_lanes>>& first,
        hls::stream<vector<Second, Config::input_lanes>>& second) {
  combine_values<1, Config::values>(output, smaller_value<Config>(), first, second);
}

}  // namespace qfx

#endif
