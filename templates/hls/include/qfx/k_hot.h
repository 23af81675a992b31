// K-hot constants: numbers whose magnitude is a sum of at most K powers of two, kept as a sign and exponents, so that a
// product with one is K shifts and K - 1 additions and takes no multiplier.
//
//   using weight_t = qfx::k_hot<ap_fixed<6, 1>, 2, qfx::plain_digits>;   // +(2^a + 2^b) or -(2^a + 2^b)
//   using weight_t = qfx::k_hot<ap_fixed<6, 1>, 2, qfx::signed_digits>;  // +-2^a +-2^b, never a = b + 1
//
// The first argument is the type that would hold the same numbers as raw integers; exponents count from its last bit.
//
// An element of table_t<weight_t> is a word of as few bits as possible. From its low bits on it holds the terms, the
// largest power first, each as
//   - its exponent, or, where there is no such term, the code behind the last exponent that it can have;
//   - with signed_digits a bit that is 1 where the term is subtracted (not for the first term of a type without sign);
// and in the top bit, with plain_digits and a type with a sign, 1 for a negative number.
//
// Powers get smaller from term to term, so a later one has fewer exponents. With N bits for magnitudes (6 - 1 = 5 above)
// term t has the exponents 0 ... N - 1 - t with plain_digits; with signed_digits 0 ... N - 2 t, because two powers are
// never neighbours, and because the first one may be 2^N, as in 31 = 32 - 1. The words above have 7 and 8 bits:
//   plain_digits    sign | exponent 0 ... 3 (none: 4) | exponent 0 ... 4 (none: 5)
//   signed_digits   sign | exponent 0 ... 3 (none: 4) | sign | exponent 0 ... 5 (none: 6)
#ifndef QFX_K_HOT_H
#define QFX_K_HOT_H

#include "raw.h"

namespace qfx {

/** Powers are added; the number has a sign. */
struct plain_digits {};
/** Each power is added or subtracted. */
struct signed_digits {};

namespace detail {

/** Bits of a non-negative integer. */
constexpr int bit_length(int value) { return value == 0 ? 0 : 1 + bit_length(value / 2); }

}  // namespace detail

template <class Value, int TERMS, class Digits>
struct k_hot {
  static constexpr bool is_signed = fixed_traits<Value>::is_signed;
  static constexpr bool has_signed_digits = std::is_same<Digits, signed_digits>::value;
  /** Magnitudes are below 2^magnitude_bits. */
  static constexpr int magnitude_bits = fixed_traits<Value>::word_length - is_signed;
  /** No magnitude takes more terms. */
  static constexpr int most_terms =
      has_signed_digits && magnitude_bits > 0 ? magnitude_bits / 2 + 1 : magnitude_bits;
  static constexpr int terms = TERMS < most_terms ? TERMS : most_terms;
};

/** Where a term stands in the words of a K-hot type. */
template <class KHot, int TERM>
struct k_hot_term {
  /** It has the exponents 0 ... absent - 1; the next code says that there is no such term. */
  static constexpr int absent =
      KHot::magnitude_bits - (KHot::has_signed_digits ? 2 * TERM - (KHot::terms > 1) : TERM);
  static constexpr int exponent_bits = detail::bit_length(absent);
  static constexpr bool has_sign = KHot::has_signed_digits && (KHot::is_signed || TERM > 0);
  static constexpr int first_bit = k_hot_term<KHot, TERM - 1>::end;
  static constexpr int end = first_bit + exponent_bits + has_sign;
};
template <class KHot>
struct k_hot_term<KHot, -1> {
  static constexpr int end = 0;
};

/** The words of a K-hot type. */
template <class KHot>
struct k_hot_word {
  static constexpr int terms_end = k_hot_term<KHot, KHot::terms - 1>::end;
  static constexpr bool has_sign = KHot::is_signed && !KHot::has_signed_digits;
  static constexpr int needed = terms_end + has_sign;
  static constexpr int bits = needed < 1 ? 1 : needed;
  /** A native integer for them. */
  using type = typename std::conditional<(bits <= 32), uint32_t, uint64_t>::type;
};

template <class Value, int TERMS, class Digits>
struct fixed_traits<k_hot<Value, TERMS, Digits>> : fixed_traits<Value> {};

template <class Value, int TERMS, class Digits>
struct table_element<k_hot<Value, TERMS, Digits>> {
  using type = stored_integer<k_hot_word<k_hot<Value, TERMS, Digits>>::bits, false>;
};

/** Adds x * 2^exponent for term TERM of a word and all after it. */
template <class KHot, int TERM, class Product>
inline typename std::enable_if<(TERM >= KHot::terms)>::type add_terms(Product&, const Product&,
                                                                      typename k_hot_word<KHot>::type) {
#pragma HLS INLINE
}
template <class KHot, int TERM, class Product>
inline typename std::enable_if<(TERM < KHot::terms)>::type add_terms(Product& sum, const Product& x,
                                                                     typename k_hot_word<KHot>::type word) {
#pragma HLS INLINE
  using term = k_hot_term<KHot, TERM>;
  const unsigned exponent = static_cast<unsigned>(word >> term::first_bit) & ((1u << term::exponent_bits) - 1);
  const bool subtracted = term::has_sign && ((word >> (term::end - 1)) & 1) != 0;
  const Product shifted = exponent == unsigned(term::absent) ? Product(0) : Product(x << exponent);
  if (subtracted) {
    sum -= shifted;
  } else {
    sum += shifted;
  }
  add_terms<KHot, TERM + 1>(sum, x, word);
}

/** The exact product of x and a K-hot number, of the type that x times its Value has. */
template <class Product, class KHot, class X>
inline Product shift_and_add(const X& x, typename k_hot_word<KHot>::type word) {
#pragma HLS INLINE
  using layout = k_hot_word<KHot>;
  // Widened first, so that no bit is shifted out; moving the binary point is wiring.
  Product wide = with_raw_of<Product>(x);
  if (layout::has_sign && ((word >> (layout::bits - 1)) & 1) != 0) wide = -wide;
  Product sum = 0;
  add_terms<KHot, 0>(sum, wide, word);
  return sum;
}

}  // namespace qfx

#endif
