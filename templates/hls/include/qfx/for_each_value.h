// Value by value from a stream to a stream, with any lanes on either side: the skeleton of all element-wise layers.
#ifndef QFX_FOR_EACH_VALUE_H
#define QFX_FOR_EACH_VALUE_H

#include <hls_stream.h>

#include "fixed.h"
#include "vector.h"

namespace qfx {

/**
 * output = function(input value, channel), cast to the output's type. Each cycle moves as many values as
 * divide both words: all of a word where the lanes are equal.
 */
template <int POSITIONS, int CHANNELS, class Input, int INPUT_LANES, class Output, int OUTPUT_LANES, class Function>
void for_each_value(hls::stream<vector<Input, INPUT_LANES>>& input, hls::stream<vector<Output, OUTPUT_LANES>>& output,
                    const Function& function) {
#pragma HLS INLINE
  static_assert(CHANNELS % INPUT_LANES == 0, "input_lanes divides the channels (or the values)");
  static_assert(CHANNELS % OUTPUT_LANES == 0, "output_lanes divides the channels (or the values)");
  constexpr int chunk = greatest_common_divisor(INPUT_LANES, OUTPUT_LANES);

  vector<Input, INPUT_LANES> input_word;
  vector<Output, OUTPUT_LANES> output_word;
  int input_lane = 0, output_lane = 0;
  for (int position = 0; position < POSITIONS; ++position) {
    for (int channel = 0; channel < CHANNELS; channel += chunk) {
#pragma HLS PIPELINE II = 1
      if (input_lane == 0) input_word = input.read();
      for (int i = 0; i < chunk; ++i) {
#pragma HLS UNROLL
        output_word[output_lane + i] = cast<Output>(function(input_word[input_lane + i], channel + i));
      }
      input_lane = input_lane + chunk == INPUT_LANES ? 0 : input_lane + chunk;
      output_lane = output_lane + chunk == OUTPUT_LANES ? 0 : output_lane + chunk;
      if (output_lane == 0) output.write(output_word);
    }
  }
}

/** The function that changes nothing. */
struct identity {
  template <class T>
  T operator()(const T& value, int) const {
#pragma HLS INLINE
    return value;
  }
};

}  // namespace qfx

#endif
