// Sum of two or more tensors of one shape; binary points are aligned exactly.
//
//   struct add1_config {
//     using exact_t = ap_fixed<12, 6>;  // holds the exact sum and every partial sum
//     using output_t = ap_fixed<8, 4, AP_RND, AP_SAT>;
//     static constexpr int values = 32 * 32 * 16;              // of one tensor
//     static constexpr int input_lanes = 4, output_lanes = 8;  // all inputs come with the same lanes
//   };
//   add<add1_config>(output, first, second);         // output first: the number of inputs is open;
//   add<add1_config>(output, first, second, third);  // the inputs' types may differ
#ifndef QFX_ADD_H
#define QFX_ADD_H

#include <hls_stream.h>

#include "for_each_value.h"

namespace qfx {

template <class Config>
struct sum_of_values {
  template <class... Values>
  typename Config::exact_t operator()(int, const Values&... values) const {
#pragma HLS INLINE
    typename Config::exact_t sum = 0;
    // In the order of the inputs: the elements of a braced list are evaluated from left to right.
    const int in_order[] = {((void)(sum += values), 0)...};
    (void)in_order;
    return sum;
  }
};

template <class Config, class... InputTypes>
void add(hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
         hls::stream<vector<InputTypes, Config::input_lanes>>&... inputs) {
  static_assert(sizeof...(InputTypes) >= 2, "a sum has two or more terms");
  combine_values<1, Config::values>(output, sum_of_values<Config>(), inputs...);
}

}  // namespace qfx

#endif
