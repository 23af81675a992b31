// The first tensor less the second one; binary points are aligned exactly.
//
//   struct subtract1_config {
//     using exact_t = ap_fixed<12, 6>;  // holds the exact difference
//     using output_t = ap_fixed<8, 4, AP_RND, AP_SAT>;
//     static constexpr int values = 32 * 32 * 16;              // of one tensor
//     static constexpr int input_lanes = 4, output_lanes = 8;  // both inputs come with the same lanes
//   };
//   subtract<subtract1_config>(output, first, second);  // the inputs' types may differ
#ifndef QFX_SUBTRACT_H
#define QFX_SUBTRACT_H

#include <hls_stream.h>

#include "for_each_value.h"

namespace qfx {

template <class Config>
struct difference_of_values {
  template <class First, class Second>
  typename Config::exact_t operator()(int, const First& first, const Second& second) const {
#pragma HLS INLINE
    return first - second;
  }
};

template <class Config, class First, class Second>
void subtract(hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
        hls::stream<vector<First, Config::input_lanes>>& first,
        hls::stream<vector<Second, Config::input_lanes>>& second) {
  combine_values<1, Config::values>(output, difference_of_values<Config>(), first, second);
}

}  // namespace qfx

#endif
