// What the library asks of a fixed-point type, and small things that every layer needs.
#ifndef QFX_FIXED_H
#define QFX_FIXED_H

#include <ap_fixed.h>
#include <ap_int.h>

namespace qfx {

/** Stands where a layer has no such table (no bias, no shifts). */
struct none {};

template <class T>
struct fixed_traits;
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct fixed_traits<ap_fixed<W, I, Q, O, N>> {
  static constexpr int word_length = W, integer_length = I;
  static constexpr bool is_signed = true;
};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct fixed_traits<ap_ufixed<W, I, Q, O, N>> {
  static constexpr int word_length = W, integer_length = I;
  static constexpr bool is_signed = false;
};

}  // namespace qfx

#endif
