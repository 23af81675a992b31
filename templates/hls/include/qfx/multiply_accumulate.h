// The arithmetic that dense layers and convolutions share.
#ifndef QFX_MULTIPLY_ACCUMULATE_H
#define QFX_MULTIPLY_ACCUMULATE_H

#include "k_hot.h"
#include "raw.h"
#include "vector.h"

namespace qfx {

/** The type of the exact product of a value and a constant. */
template <class X, class Constant>
using product_t = fixed_of<fixed_traits<X>::word_length + fixed_traits<Constant>::word_length,
                           fixed_traits<X>::integer_length + fixed_traits<Constant>::integer_length,
                           fixed_traits<X>::is_signed || fixed_traits<Constant>::is_signed>;

/** A multiplication by raw integers from a table. */
template <class Constant>
struct multiplier {
  template <class X>
  static product_t<X, Constant> multiply(const X& x, const table_t<Constant>& entry) {
#pragma HLS INLINE
#ifdef QFX_NO_MULTIPLY
    static_assert(sizeof(X) == 0, "QFX_NO_MULTIPLY: this layer multiplies, its constants are not K-hot");
#endif
    return x * from_table<Constant>(entry);
  }
};
/** Shifts and additions by K-hot words from a table. */
template <class Value, int TERMS, class Digits>
struct multiplier<k_hot<Value, TERMS, Digits>> {
  using constant_t = k_hot<Value, TERMS, Digits>;
  template <class X>
  static product_t<X, constant_t> multiply(const X& x, const table_t<constant_t>& entry) {
#pragma HLS INLINE
    return shift_and_add<product_t<X, constant_t>, constant_t>(x, entry);
  }
};

/**
 * x times an element of a table of constants, exactly: a multiplication, or shifts and additions where Constant is a
 * k_hot. All products of the library are made here.
 */
template <class Constant, class X>
inline product_t<X, Constant> product(const X& x, const table_t<Constant>& entry) {
#pragma HLS INLINE
  return multiplier<Constant>::multiply(x, entry);
}

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
