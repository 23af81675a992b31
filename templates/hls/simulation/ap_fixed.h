// ap_fixed and ap_ufixed for C simulation on machines without AMD's headers.
//
// ap_fixed<W, I, Q, O>: W bits, I of them left of the binary point; a value is raw * 2^(I - W). Conversions, + - *,
// unary minus, comparisons (of one sign), shifts and range() give what AMD's types give, for all 7 rounding modes and
// AP_SAT, AP_SAT_ZERO, AP_SAT_SYM, AP_WRAP. The rules to know are AMD's:
//   - a conversion first rounds (Q of the target), then treats overflow (O of the target);
//   - + - * are exact: their result has a wider type of its own, with the modes AP_TRN, AP_WRAP;
//   - << and >> keep the type of their operand: bits fall off.
// What is missing (division, floating point, mixed arithmetic with native integers, AP_WRAP_SM, saturation bits N) is
// missing on purpose: a compile error, never a different result. Words have up to 128 bits, which is what products of
// two 64-bit words need; a conversion that would need more inside is a compile error as well. C++14.
//
// With QFX_NO_MULTIPLY defined, fixed-point multiplication is deleted: what then compiles is free of multipliers.
#ifndef QFX_SIMULATION_AP_FIXED_H
#define QFX_SIMULATION_AP_FIXED_H

#include "ap_int.h"

enum ap_q_mode {
  AP_RND,          // nearest, ties up
  AP_RND_ZERO,     // nearest, ties toward zero
  AP_RND_MIN_INF,  // nearest, ties down
  AP_RND_INF,      // nearest, ties away from zero
  AP_RND_CONV,     // nearest, ties to even
  AP_TRN,          // down
  AP_TRN_ZERO      // toward zero
};
enum ap_o_mode { AP_SAT, AP_SAT_ZERO, AP_SAT_SYM, AP_WRAP };

namespace ap_detail {

constexpr int larger(int a, int b) { return a > b ? a : b; }
constexpr int smaller(int a, int b) { return a < b ? a : b; }

template <class Integer>
constexpr int bits_of() {
  return std::is_same<Integer, bool>::value ? 1 : 8 * int(sizeof(Integer));
}

template <bool S, class Integer>
constexpr typename std::enable_if<S, bool>::type below_zero(Integer value) {
  return value < 0;
}
template <bool S, class Integer>
constexpr typename std::enable_if<!S, bool>::type below_zero(Integer) {
  return false;
}

/** value * 2^-SHIFT, rounded by mode Q; 1 <= SHIFT < bits of Integer. Without branches, so that loops vectorise. */
template <ap_q_mode Q, int SHIFT, bool S, class Integer>
constexpr Integer round_right(Integer value) {
  const Integer down = Integer(value >> SHIFT);
  if (Q == AP_TRN || (Q == AP_TRN_ZERO && !S)) return down;
  const Integer below_half = Integer((Integer(1) << (SHIFT - 1)) - 1);
  const bool half = ((value >> (SHIFT - 1)) & 1) != 0;  // the first bit that is lost
  const bool rest = (value & below_half) != 0;          // any of the others
  const bool negative = below_zero<S>(value);
  const bool up = Q == AP_TRN_ZERO      ? negative & (half | rest)
                  : Q == AP_RND         ? half
                  : Q == AP_RND_MIN_INF ? half & rest
                  : Q == AP_RND_ZERO    ? half & (negative | rest)
                  : Q == AP_RND_INF     ? half & (!negative | rest)
                                        : half & (((down & 1) != 0) | rest);  // AP_RND_CONV
  return Integer(down + up);
}

/** Conversion of raw integers: source of W bits with binary point F into a target type. */
template <int W, int F, bool S, int W2, int F2, bool S2, ap_q_mode Q, ap_o_mode O>
struct conversion {
  // Beyond one more than the source's bits a longer shift to the right changes nothing, and one of 64 to the left puts
  // every bit of a 64-bit source above a 64-bit target.
  static constexpr int right = F > F2 ? smaller(F - F2, W + 1) : 0;
  static constexpr int left = F2 > F ? (W <= 64 && W2 <= 64 ? smaller(F2 - F, 64) : F2 - F) : 0;
  static constexpr int work_length = left > 0 ? W + left : right > 0 ? larger(W, right + 1) : W;
  using work = storage_t<work_length, S>;
  using unsigned_work = storage_t<work_length, false>;
  using source = storage_t<W, S>;
  using target = storage_t<W2, S2>;

  // Bits of the magnitude: of the source after the shift, after a rounding up, and of the target.
  static constexpr bool rounds_up = right > 0 && Q != AP_TRN && !(Q == AP_TRN_ZERO && !S);
  static constexpr int shifted_bits = larger(W - S - right + left, 0);
  static constexpr int rounded_bits = larger(W - S - right + left + rounds_up, 0);
  static constexpr int target_bits = W2 - S2;
  static constexpr bool fits =
      rounded_bits <= target_bits && (!S || S2) && !(O == AP_SAT_SYM && S && shifted_bits >= target_bits);

  static constexpr int common_length = S ? larger(work_length, W2 + !S2) : larger(work_length, W2);
  using common = storage_t<O == AP_WRAP || fits ? 1 : common_length, S>;
  static constexpr common maximum() {
    return common(storage_t<W2, false>(~storage_t<W2, false>(0)) >> (S2 + storage<W2, false>::bits - W2));
  }
  static constexpr common minimum() {
    return !S2 ? common(0) : O == AP_SAT_SYM ? common(-maximum()) : common(-maximum() - 1);
  }

  static constexpr target convert(source raw) {
    return overflow(shift(raw), std::integral_constant<int, fits ? 0 : O == AP_WRAP ? 1 : 2>());
  }

 private:
  static constexpr work shift(source raw) { return shift(raw, std::integral_constant<bool, (right > 0)>()); }
  static constexpr work shift(source raw, std::true_type) { return round_right<Q, right, S>(work(raw)); }
  static constexpr work shift(source raw, std::false_type) { return work(unsigned_work(raw) << left); }

  static constexpr target overflow(work value, std::integral_constant<int, 0>) { return target(value); }
  static constexpr target overflow(work value, std::integral_constant<int, 1>) { return wrap<W2, S2>(value); }
  static constexpr target overflow(work value, std::integral_constant<int, 2>) {
    const bool above = common(value) > maximum();
    const bool below = below_zero<S>(value) && common(value) < minimum();
    if (O == AP_SAT_ZERO) return above || below ? target(0) : target(value);
    return above ? target(maximum()) : below ? target(minimum()) : target(value);
  }
};

/** ap_fixed (S = true) or ap_ufixed. */
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int N>
struct fixed {
  static_assert(N == 0, "saturation bits (N) are not supported");
  static_assert(!(O == AP_SAT_SYM && S && W == 1), "AP_SAT_SYM on a signed type of one bit: implementations differ");
  static constexpr int word_length = W;
  static constexpr int binary_point = W - I;
  static constexpr bool is_signed = S;
  using raw_type = storage_t<W, S>;

  /** The raw integer; always inside the range of W bits. */
  raw_type raw;

  fixed() = default;
  template <int W2, int I2, bool S2, ap_q_mode Q2, ap_o_mode O2>
  constexpr fixed(const fixed<W2, I2, S2, Q2, O2, 0>& value)
      : raw(conversion<W2, W2 - I2, S2, W, W - I, S, Q, O>::convert(value.raw)) {}
  template <class Integer, typename std::enable_if<std::is_integral<Integer>::value, int>::type = 0>
  constexpr fixed(Integer value)
      : raw(conversion<bits_of<Integer>(), 0, std::is_signed<Integer>::value, W, W - I, S, Q, O>::convert(value)) {}
  template <int W2, bool S2>
  constexpr fixed(const integer<W2, S2>& value) : raw(conversion<W2, 0, S2, W, W - I, S, Q, O>::convert(value.raw)) {}
  fixed(float) = delete;
  fixed(double) = delete;
  fixed(long double) = delete;

  /** The value of a raw integer that is inside the range of W bits. */
  static constexpr fixed from_storage(raw_type raw) {
    fixed value = {};
    value.raw = raw;
    return value;
  }

  template <int W2, int I2, bool S2, ap_q_mode Q2, ap_o_mode O2>
  constexpr fixed& operator+=(const fixed<W2, I2, S2, Q2, O2, 0>& b) {
    return add<false>(b, std::integral_constant<bool, O == AP_WRAP && (W2 - I2 <= W - I)>());
  }
  template <int W2, int I2, bool S2, ap_q_mode Q2, ap_o_mode O2>
  constexpr fixed& operator-=(const fixed<W2, I2, S2, Q2, O2, 0>& b) {
    return add<true>(b, std::integral_constant<bool, O == AP_WRAP && (W2 - I2 <= W - I)>());
  }
  template <int W2, int I2, bool S2, ap_q_mode Q2, ap_o_mode O2>
  constexpr fixed& operator*=(const fixed<W2, I2, S2, Q2, O2, 0>& b) {
    return *this = *this * b;
  }

  constexpr fixed operator<<(int count) const { return shifted(count); }
  constexpr fixed operator>>(int count) const { return shifted(-count); }
  constexpr fixed& operator<<=(int count) { return *this = shifted(count); }
  constexpr fixed& operator>>=(int count) { return *this = shifted(-count); }

  constexpr fixed<W + 1, I + 1, true, AP_TRN, AP_WRAP, 0> operator-() const {
    using result = fixed<W + 1, I + 1, true, AP_TRN, AP_WRAP, 0>;
    return result::from_storage(typename result::raw_type(-typename result::raw_type(raw)));
  }

  constexpr range_reference<fixed> range(int high, int low) { return {*this, high, low}; }
  constexpr range_reference<const fixed> range(int high, int low) const { return {*this, high, low}; }
  constexpr range_reference<fixed> range() { return {*this, W - 1, 0}; }
  constexpr range_reference<const fixed> range() const { return {*this, W - 1, 0}; }

 private:
  // A wrapping sum without rounding is a sum modulo 2^W: the target's own word is wide enough.
  template <bool SUBTRACT, class Value>
  constexpr fixed& add(const Value& b, std::true_type) {
    using word = storage_t<W, false>;
    constexpr int left = W - I - Value::binary_point;
    const word aligned =
        left < storage<W, false>::bits ? word(word(b.raw) << (left < storage<W, false>::bits ? left : 0)) : word(0);
    raw = wrap<W, S>(word(SUBTRACT ? word(raw) - aligned : word(raw) + aligned));
    return *this;
  }
  template <bool SUBTRACT, class Value>
  constexpr fixed& add(const Value& b, std::false_type) {
    return SUBTRACT ? *this = *this - b : *this = *this + b;
  }

  /** Shifted left by `count`, right where it is negative. */
  constexpr fixed shifted(int count) const {
    constexpr int bits = storage<W, S>::bits;
    using word = storage_t<W, false>;
    if (count >= bits) return from_storage(0);
    if (count >= 0) return from_storage(wrap<W, S>(word(word(raw) << count)));
    return from_storage(raw_type(raw >> (count > -bits ? -count : bits - 1)));
  }
};

/** The type of a + b and a - b: binary points aligned, one more bit. */
template <class A, class B, bool S>
struct sum {
  static constexpr int F = larger(A::binary_point, B::binary_point);
  static constexpr int I = larger(A::word_length - A::binary_point + (B::is_signed && !A::is_signed),
                                  B::word_length - B::binary_point + (A::is_signed && !B::is_signed)) +
                           1;
  using type = fixed<I + F, I, S, AP_TRN, AP_WRAP, 0>;
  using word = storage_t<I + F, false>;
  static constexpr word align_a(const A& a) { return word(word(a.raw) << (F - A::binary_point)); }
  static constexpr word align_b(const B& b) { return word(word(b.raw) << (F - B::binary_point)); }
};

template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int W2, int I2, bool S2, ap_q_mode Q2, ap_o_mode O2>
constexpr auto operator+(const fixed<W, I, S, Q, O, 0>& a, const fixed<W2, I2, S2, Q2, O2, 0>& b) {
  using rule = sum<fixed<W, I, S, Q, O, 0>, fixed<W2, I2, S2, Q2, O2, 0>, S || S2>;
  using type = typename rule::type;
  return type::from_storage(typename type::raw_type(rule::align_a(a) + rule::align_b(b)));
}
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int W2, int I2, bool S2, ap_q_mode Q2, ap_o_mode O2>
constexpr auto operator-(const fixed<W, I, S, Q, O, 0>& a, const fixed<W2, I2, S2, Q2, O2, 0>& b) {
  using rule = sum<fixed<W, I, S, Q, O, 0>, fixed<W2, I2, S2, Q2, O2, 0>, true>;
  using type = typename rule::type;
  return type::from_storage(typename type::raw_type(rule::align_a(a) - rule::align_b(b)));
}

#ifdef QFX_NO_MULTIPLY
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int W2, int I2, bool S2, ap_q_mode Q2, ap_o_mode O2>
void operator*(const fixed<W, I, S, Q, O, 0>& a, const fixed<W2, I2, S2, Q2, O2, 0>& b) = delete;
#else
template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int W2, int I2, bool S2, ap_q_mode Q2, ap_o_mode O2>
constexpr fixed<W + W2, I + I2, S || S2, AP_TRN, AP_WRAP, 0> operator*(const fixed<W, I, S, Q, O, 0>& a,
                                                                       const fixed<W2, I2, S2, Q2, O2, 0>& b) {
  using type = fixed<W + W2, I + I2, S || S2, AP_TRN, AP_WRAP, 0>;
  using word = typename type::raw_type;
  return type::from_storage(word(word(a.raw) * word(b.raw)));
}
#endif

/** Two values as integers at their common binary point, in a word that holds both: what a comparison compares. */
template <class A, class B>
struct comparison {
  // AMD's headers compare words of more than 31 bits by the rules of native integers, where -1 is larger than 1u.
  static_assert(A::is_signed == B::is_signed, "a comparison of signed with unsigned: give both one sign first");
  static constexpr int F = larger(A::binary_point, B::binary_point);
  static constexpr int length = larger(A::word_length - A::binary_point, B::word_length - B::binary_point) + F;
  using word = storage_t<length, A::is_signed>;
  using unsigned_word = storage_t<length, false>;
  static constexpr word a(const A& value) {
    return word(unsigned_word(unsigned_word(value.raw) << (F - A::binary_point)));
  }
  static constexpr word b(const B& value) {
    return word(unsigned_word(unsigned_word(value.raw) << (F - B::binary_point)));
  }
};

#define QFX_COMPARISON(SIGN)                                                                                     \
  template <int W, int I, bool S, ap_q_mode Q, ap_o_mode O, int W2, int I2, bool S2, ap_q_mode Q2, ap_o_mode O2> \
  constexpr bool operator SIGN(const fixed<W, I, S, Q, O, 0>& a, const fixed<W2, I2, S2, Q2, O2, 0>& b) {        \
    using aligned = comparison<fixed<W, I, S, Q, O, 0>, fixed<W2, I2, S2, Q2, O2, 0>>;                           \
    return aligned::a(a) SIGN aligned::b(b);                                                                     \
  }
QFX_COMPARISON(<)
QFX_COMPARISON(<=)
QFX_COMPARISON(>)
QFX_COMPARISON(>=)
QFX_COMPARISON(==)
QFX_COMPARISON(!=)
#undef QFX_COMPARISON

}  // namespace ap_detail

template <int W, int I, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP, int N = 0>
using ap_fixed = ap_detail::fixed<W, I, true, Q, O, N>;
template <int W, int I, ap_q_mode Q = AP_TRN, ap_o_mode O = AP_WRAP, int N = 0>
using ap_ufixed = ap_detail::fixed<W, I, false, Q, O, N>;

#endif
