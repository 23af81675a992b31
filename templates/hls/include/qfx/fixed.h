// What the library asks of a fixed-point type.
#ifndef QFX_FIXED_H
#define QFX_FIXED_H

#include <ap_fixed.h>
#include <ap_int.h>

#include <type_traits>

namespace qfx {

/** Stands where a layer has no such table (no bias, no shifts). */
struct none {};

/** Word length, integer length and sign of an ap_fixed or ap_ufixed. */
template <class T>
struct fixed_traits;
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct fixed_traits<ap_fixed<W, I, Q, O, N>> {
  static constexpr int word_length = W, integer_length = I;
  static constexpr bool is_signed = true;
  using integer = ap_int<W>;
};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct fixed_traits<ap_ufixed<W, I, Q, O, N>> {
  static constexpr int word_length = W, integer_length = I;
  static constexpr bool is_signed = false;
  using integer = ap_uint<W>;
};

/** ap_fixed or ap_ufixed, by sign. */
template <int W, int I, bool SIGNED>
using fixed_of = typename std::conditional<SIGNED, ap_fixed<W, I>, ap_ufixed<W, I>>::type;

/** Number of bits right of the binary point. */
template <class T>
constexpr int binary_point_of() {
  return fixed_traits<T>::word_length - fixed_traits<T>::integer_length;
}

/**
 * The cast of a value to a declared type: rounding and overflow are those of To.
 *
 * It is an assignment. Where it drops more bits than the value has, the value is first held in a wider word, which
 * changes nothing: AMD's simulation headers stop with a failed assertion otherwise.
 */
template <class To, class From>
inline To cast(const From& value) {
#pragma HLS INLINE
  constexpr int dropped = binary_point_of<From>() - binary_point_of<To>();
  constexpr int word_length = fixed_traits<From>::word_length > dropped ? fixed_traits<From>::word_length : dropped;
  const fixed_of<word_length, word_length - binary_point_of<From>(), fixed_traits<From>::is_signed> held = value;
  return held;
}

/**
 * The type of a running sum of products X * Y whose every partial sum fits into Exact.
 *
 * It has the products' binary point, so that adding needs no shift. In C simulation its word is rounded up to a native
 * integer, so that adding needs no wrapping: the low bits, and with them every result, are the same.
 */
template <class Exact, class X, class Y>
struct running_sum {
  static constexpr int binary_point = binary_point_of<X>() + binary_point_of<Y>();
  static constexpr int needed = fixed_traits<Exact>::integer_length + binary_point;
  static constexpr int at_least_one = needed < 1 ? 1 : needed;
#ifdef __SYNTHESIS__
  static constexpr int word_length = at_least_one;
#else
  static constexpr int word_length = at_least_one <= 32 ? 32 : at_least_one <= 64 ? 64 : at_least_one;
#endif
  using type = fixed_of<word_length, word_length - binary_point, fixed_traits<Exact>::is_signed>;
};

constexpr int greatest_common_divisor(int a, int b) { return b == 0 ? a : greatest_common_divisor(b, a % b); }

}  // namespace qfx

#endif
