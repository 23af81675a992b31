// Width converter: the same values in words of another number of lanes (any two that divide the number of values).
//
//   change_lanes<values>(input, output);  // values of one image
#ifndef QFX_CHANGE_LANES_H
#define QFX_CHANGE_LANES_H

#include <hls_stream.h>

#include "for_each_value.h"

namespace qfx {

template <int VALUES, class T, int INPUT_LANES, int OUTPUT_LANES>
void change_lanes(hls::stream<vector<T, INPUT_LANES>>& input, hls::stream<vector<T, OUTPUT_LANES>>& output) {
  for_each_value<1, VALUES>(input, output, identity());
}

}  // namespace qfx

#endif
