// One pixel of a result whose pixels are those of the input in other places: shared by padding and up-sampling.
#ifndef QFX_WRITE_PIXEL_H
#define QFX_WRITE_PIXEL_H

#include <hls_stream.h>

#include "fixed.h"
#include "vector.h"

namespace qfx {

/**
 * Writes function(input value, channel) for each channel of a pixel, cast to the output's type. Where `reads`, the next
 * pixel of the input is read alongside; else the input value is 0.
 */
template <int CHANNELS, class Input, int INPUT_LANES, class Output, int OUTPUT_LANES, class Function>
void write_pixel(hls::stream<vector<Input, INPUT_LANES>>& input, hls::stream<vector<Output, OUTPUT_LANES>>& output,
                 bool reads, const Function& function) {
#pragma HLS INLINE
  static_assert(CHANNELS % INPUT_LANES == 0, "input_lanes divides the channels");
  static_assert(CHANNELS % OUTPUT_LANES == 0, "output_lanes divides the channels");
  constexpr int chunk = greatest_common_divisor(INPUT_LANES, OUTPUT_LANES);

  vector<Input, INPUT_LANES> input_word;
  for (int i = 0; i < INPUT_LANES; ++i) {
#pragma HLS UNROLL
    input_word[i] = 0;
  }
  vector<Output, OUTPUT_LANES> output_word;
  int input_lane = 0, output_lane = 0;
  for (int channel = 0; channel < CHANNELS; channel += chunk) {
#pragma HLS PIPELINE II = 1
    if (reads && input_lane == 0) input_word = input.read();
    for (int i = 0; i < chunk; ++i) {
#pragma HLS UNROLL
      output_word[output_lane + i] = cast<Output>(function(input_word[input_lane + i], channel + i));
    }
    input_lane = input_lane + chunk == INPUT_LANES ? 0 : input_lane + chunk;
    output_lane = output_lane + chunk == OUTPUT_LANES ? 0 : output_lane + chunk;
    if (output_lane == 0) output.write(output_word);
  }
}

}  // namespace qfx

#endif
