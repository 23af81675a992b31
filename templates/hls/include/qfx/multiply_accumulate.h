// The arithmetic that dense layers and convolutions share.
#ifndef QFX_MULTIPLY_ACCUMULATE_H
#define QFX_MULTIPLY_ACCUMULATE_H

#include "raw.h"
#include "vector.h"

namespace qfx {

/** The type in which products of inputs and weights are summed. */
template <class Config>
using running_sum_t =
    typename running_sum<typename Config::exact_t, typename Config::input_t, typename Config::weight_t>::type;

template <class Exact>
inline Exact shift_left(const Exact& value, const none&, int) {
#pragma HLS INLINE
  return value;
}
template <class Exact, int CHANNELS>
inline Exact shift_left(const Exact& value, const unsigned char (&shift)[CHANNELS], int channel) {
#pragma HLS INLINE
  return value << int(shift[channel]);
}

template <class Config>
inline typename Config::exact_t add_bias(const typename Config::exact_t& value, const none&, int) {
#pragma HLS INLINE
  return value;
}
template <class Config, int CHANNELS>
inline typename Config::exact_t add_bias(const typename Config::exact_t& value,
                                         const table_t<typename Config::bias_t> (&bias)[CHANNELS], int channel) {
#pragma HLS INLINE
  return value + from_table<typename Config::bias_t>(bias[channel]);
}

/** The running sums of output channels `channel`, `channel` + 1, ...: to the channel's binary point, plus bias, cast.
 */
template <class Config, int COUNT, class Bias, class Shift>
inline vector<typename Config::output_t, COUNT> finish_sums(const running_sum_t<Config> (&sum)[COUNT], const Bias& bias,
                                                            const Shift& weight_shift, int channel) {
#pragma HLS INLINE
  using exact_t = typename Config::exact_t;
  vector<typename Config::output_t, COUNT> word;
  for (int o = 0; o < COUNT; ++o) {
#pragma HLS UNROLL
    const exact_t aligned = shift_left<exact_t>(sum[o], weight_shift, channel + o);
    word[o] = cast<typename Config::output_t>(add_bias<Config>(aligned, bias, channel + o));
  }
  return word;
}

}  // namespace qfx

// In C simulation with the headers in simulation/ the testbench chooses, image by image, between the hardware's loops and
// sums of the same products in another order: the same integers, many times sooner. Where QFX_HARDWARE_LOOPS is defined,
// in synthesis and with AMD's headers there are the hardware's loops alone.
#if defined(QFX_SIMULATION_TYPES) && !defined(QFX_HARDWARE_LOOPS) && !defined(QFX_NO_MULTIPLY)
#define QFX_SIMULATED_SUMS 1
#include <qfx_sums.h>
#endif

#endif
