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

#include "fixed.h"
#include "vector.h"

namespace qfx {

template <class Exact, class Input, int LANES>
void add_word(Exact (&sum)[LANES], hls::stream<vector<Input, LANES>>& input) {
#pragma HLS INLINE
  const vector<Input, LANES> word = input.read();
  for (int i = 0; i < LANES; ++i) {
#pragma HLS UNROLL
    sum[i] += word[i];
  }
}

template <class Exact, int LANES>
void add_words(Exact (&)[LANES]) {
#pragma HLS INLINE
}
template <class Exact, int LANES, class Input, class... Inputs>
void add_words(Exact (&sum)[LANES], hls::stream<vector<Input, LANES>>& input,
               hls::stream<vector<Inputs, LANES>>&... inputs) {
#pragma HLS INLINE
  add_word(sum, input);
  add_words(sum, inputs...);
}

template <class Config, class... InputTypes>
void add(hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
         hls::stream<vector<InputTypes, Config::input_lanes>>&... inputs) {
  static_assert(sizeof...(InputTypes) >= 2, "a sum has two or more terms");
  static_assert(Config::values % Config::input_lanes == 0, "input_lanes divides the values");
  static_assert(Config::values % Config::output_lanes == 0, "output_lanes divides the values");
  constexpr int chunk = greatest_common_divisor(Config::input_lanes, Config::output_lanes);

  typename Config::exact_t sum[Config::input_lanes];
#pragma HLS ARRAY_PARTITION variable = sum complete
  vector<typename Config::output_t, Config::output_lanes> output_word;
  int input_lane = 0, output_lane = 0;
  for (int value = 0; value < Config::values; value += chunk) {
#pragma HLS PIPELINE II = 1
    if (input_lane == 0) {
      for (int i = 0; i < Config::input_lanes; ++i) {
#pragma HLS UNROLL
        sum[i] = 0;
      }
      add_words(sum, inputs...);
    }
    for (int i = 0; i < chunk; ++i) {
#pragma HLS UNROLL
      output_word[output_lane + i] = cast<typename Config::output_t>(sum[input_lane + i]);
    }
    input_lane = input_lane + chunk == Config::input_lanes ? 0 : input_lane + chunk;
    output_lane = output_lane + chunk == Config::output_lanes ? 0 : output_lane + chunk;
    if (output_lane == 0) output.write(output_word);
  }
}

}  // namespace qfx

#endif
