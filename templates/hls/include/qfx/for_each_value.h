// Value by value from streams to a stream, with any lanes on either side: the skeleton of all element-wise layers.
#ifndef QFX_FOR_EACH_VALUE_H
#define QFX_FOR_EACH_VALUE_H

#include <hls_stream.h>

#include "fixed.h"
#include "vector.h"

namespace qfx {

/** A word of each input; all come with the same lanes, their types may differ. */
template <int LANES, class... Inputs>
struct words {
  void read() {
#pragma HLS INLINE
  }
  template <class Function, class... Values>
  auto apply(const Function& function, int channel, int, const Values&... values) const {
#pragma HLS INLINE
    return function(channel, values...);
  }
};
template <int LANES, class Input, class... Inputs>
struct words<LANES, Input, Inputs...> {
  vector<Input, LANES> word;
  words<LANES, Inputs...> others;

  void read(hls::stream<vector<Input, LANES>>& input, hls::stream<vector<Inputs, LANES>>&... inputs) {
#pragma HLS INLINE
    word = input.read();
    others.read(inputs...);
  }
  /** function(channel, a value of each input), of one lane. */
  template <class Function, class... Values>
  auto apply(const Function& function, int channel, int lane, const Values&... values) const {
#pragma HLS INLINE
    return others.apply(function, channel, lane, values..., word[lane]);
  }
};

/**
 * output = function(channel, a value of each input), cast to the output's type. Each cycle moves as many values as
 * divide the words of both sides: all of a word where the lanes are equal. The output comes first because the number of
 * inputs is open.
 */
template <int POSITIONS, int CHANNELS, class Output, int OUTPUT_LANES, class Function, int INPUT_LANES, class... Inputs>
void combine_values(hls::stream<vector<Output, OUTPUT_LANES>>& output, const Function& function,
                    hls::stream<vector<Inputs, INPUT_LANES>>&... inputs) {
#pragma HLS INLINE
  static_assert(CHANNELS % INPUT_LANES == 0, "input_lanes divides the channels (or the values)");
  static_assert(CHANNELS % OUTPUT_LANES == 0, "output_lanes divides the channels (or the values)");
  constexpr int chunk = greatest_common_divisor(INPUT_LANES, OUTPUT_LANES);

  words<INPUT_LANES, Inputs...> input_words;
  vector<Output, OUTPUT_LANES> output_word;
  int input_lane = 0, output_lane = 0;
  for (int position = 0; position < POSITIONS; ++position) {
    for (int channel = 0; channel < CHANNELS; channel += chunk) {
#pragma HLS PIPELINE II = 1
      if (input_lane == 0) input_words.read(inputs...);
      for (int i = 0; i < chunk; ++i) {
#pragma HLS UNROLL
        output_word[output_lane + i] = cast<Output>(input_words.apply(function, channel + i, input_lane + i));
      }
      input_lane = input_lane + chunk == INPUT_LANES ? 0 : input_lane + chunk;
      output_lane = output_lane + chunk == OUTPUT_LANES ? 0 : output_lane + chunk;
      if (output_lane == 0) output.write(output_word);
    }
  }
}

/** A function of a value and its channel, the way combine_values calls it. */
template <class Function>
struct of_one_value {
  const Function& function;

  template <class Value>
  auto operator()(int channel, const Value& value) const {
#pragma HLS INLINE
    return function(value, channel);
  }
};

/** output = function(input value, channel), cast to the output's type. */
template <int POSITIONS, int CHANNELS, class Input, int INPUT_LANES, class Output, int OUTPUT_LANES, class Function>
void for_each_value(hls::stream<vector<Input, INPUT_LANES>>& input, hls::stream<vector<Output, OUTPUT_LANES>>& output,
                    const Function& function) {
#pragma HLS INLINE
  combine_values<POSITIONS, CHANNELS>(output, of_one_value<Function>{function}, input);
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
