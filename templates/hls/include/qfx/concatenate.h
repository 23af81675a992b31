// Concatenation of two or more tensors on their channels.
//
//   struct join1_config {
//     using exact_t = ap_fixed<9, 5>;  // holds the values of every input
//     using output_t = ap_fixed<8, 4, AP_RND, AP_SAT>;
//     static constexpr int positions = 32 * 32;
//     static constexpr int output_channels = 48;
//     static constexpr int output_lanes = 8;
//   };
//   concatenate<join1_config, 16, 32>(output, first, second);
// 16 and 32 are the channels of the inputs. The output comes first because the number of inputs is open.
// The inputs' types and lanes may differ.
#ifndef QFX_CONCATENATE_H
#define QFX_CONCATENATE_H

#include <hls_stream.h>

#include "fixed.h"
#include "vector.h"

namespace qfx {

/** Values that wait until an output word is full. */
template <class T, int LANES>
struct partial_word {
  vector<T, LANES> word;
  int lane;
};

template <class Config, int CHUNK, int CHANNELS, class Output, class Input, int LANES>
void append_channels(hls::stream<vector<Output, Config::output_lanes>>& output,
                     partial_word<Output, Config::output_lanes>& partial, hls::stream<vector<Input, LANES>>& input) {
#pragma HLS INLINE
  static_assert(CHANNELS % LANES == 0, "an input's lanes divide its channels");
  vector<Input, LANES> input_word;
  int input_lane = 0;
  for (int channel = 0; channel < CHANNELS; channel += CHUNK) {
#pragma HLS PIPELINE II = 1
    if (input_lane == 0) input_word = input.read();
    for (int i = 0; i < CHUNK; ++i) {
#pragma HLS UNROLL
      const typename Config::exact_t value = input_word[input_lane + i];
      partial.word[partial.lane + i] = cast<Output>(value);
    }
    input_lane = input_lane + CHUNK == LANES ? 0 : input_lane + CHUNK;
    partial.lane = partial.lane + CHUNK == Config::output_lanes ? 0 : partial.lane + CHUNK;
    if (partial.lane == 0) output.write(partial.word);
  }
}

constexpr int common_divisor(int a) { return a; }
template <class... More>
constexpr int common_divisor(int a, int b, More... more) {
  return common_divisor(greatest_common_divisor(a, b), more...);
}
constexpr int sum_of() { return 0; }
template <class... More>
constexpr int sum_of(int a, More... more) {
  return a + sum_of(more...);
}

template <class Config, int... CHANNELS, class... Types, int... LANES>
void concatenate(hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                 hls::stream<vector<Types, LANES>>&... inputs) {
  static_assert(sizeof...(CHANNELS) == sizeof...(Types), "the channels of each input are given");
  static_assert(sum_of(CHANNELS...) == Config::output_channels, "the inputs' channels add up to output_channels");
  static_assert(Config::output_channels % Config::output_lanes == 0, "output_lanes divides output_channels");
  constexpr int chunk = common_divisor(Config::output_lanes, LANES...);

  partial_word<typename Config::output_t, Config::output_lanes> partial;
  partial.lane = 0;
  for (int position = 0; position < Config::positions; ++position) {
    // In the order of the inputs: the elements of a braced list are evaluated from left to right.
    const int in_order[] = {(append_channels<Config, chunk, CHANNELS>(output, partial, inputs), 0)...};
    (void)in_order;
  }
}

}  // namespace qfx

#endif
