// ap_int and ap_uint for C simulation on machines without AMD's headers.
//
// Each value is held in the smallest native integer, so that compilers vectorise what is built on it. There is what
// QFX's library and the code that QFX emits need, and it gives the same results as AMD's types; everything else
// (arithmetic on ap_int, implicit conversions to native integers, bit access) is missing on purpose: a compile error,
// never a different result. Words have 1 to 128 bits. C++14.
#ifndef QFX_SIMULATION_AP_INT_H
#define QFX_SIMULATION_AP_INT_H

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <type_traits>

/** Tells QFX's library that these headers, and not AMD's, are in use. */
#define QFX_SIMULATION_TYPES 1

namespace ap_detail {

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

template <bool CONDITION, class A, class B>
using if_t = typename std::conditional<CONDITION, A, B>::type;

/** The smallest native integer of at least W bits. */
template <int W, bool S>
struct storage {
  static_assert(W >= 1, "a word has at least one bit");
  static_assert(W <= 128, "the simulation headers hold words of at most 128 bits");
  using type = if_t<(W <= 8), if_t<S, int8_t, uint8_t>,
                    if_t<(W <= 16), if_t<S, int16_t, uint16_t>,
                         if_t<(W <= 32), if_t<S, int32_t, uint32_t>,
                              if_t<(W <= 64), if_t<S, int64_t, uint64_t>, if_t<S, int128, uint128>>>>>;
  static constexpr int bits = 8 * int(sizeof(type));
};
template <int W, bool S>
using storage_t = typename storage<W, S>::type;

/** The low W bits of an integer, as a word of W bits. */
template <int W, bool S, class Integer>
constexpr storage_t<W, S> wrap(Integer value) {
  using Signed = storage_t<W, S>;
  using Unsigned = storage_t<W, false>;
  constexpr int spare = storage<W, S>::bits - W;
  // The shift happens on the unsigned word (no overflow), the way back on the word itself, which extends the sign.
  return Signed(Signed(Unsigned(Unsigned(value) << spare)) >> spare);
}

[[noreturn]] inline void fail(const char* message) {
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", message);
  std::fflush(stderr);
  std::_Exit(1);  // not exit(): destructors of other streams would report what is only a consequence
}

template <int W, bool S>
struct integer;

/** Bits high..low of a word: what `x.range(high, low)` returns. */
template <class Word>
class range_reference {
 public:
  constexpr range_reference(Word& word, int high, int low) : word_(word), high_(high), low_(low) {
    if (low < 0 || high < low || high >= Word::word_length) fail("range(high, low): out of the word, or high < low");
  }
  constexpr range_reference(const range_reference&) = default;

  template <int W, bool S>
  constexpr range_reference& operator=(const integer<W, S>& value) {
    return set(uint128(value.raw));
  }
  constexpr range_reference& operator=(const range_reference& other) { return set(other.bits()); }
  template <class Other>
  constexpr range_reference& operator=(const range_reference<Other>& other) {
    return set(other.bits());
  }

  constexpr uint128 bits() const { return (uint128(word_.raw) >> low_) & mask(); }

 private:
  constexpr uint128 mask() const { return ~uint128(0) >> (127 - (high_ - low_)); }
  constexpr range_reference& set(uint128 bits) {
    const uint128 others = uint128(word_.raw) & ~(mask() << low_);
    word_.raw = wrap<Word::word_length, Word::is_signed>(others | ((bits & mask()) << low_));
    return *this;
  }

  Word& word_;
  int high_, low_;
};

/** ap_int<W> (S = true) or ap_uint<W>. */
template <int W, bool S>
struct integer {
  static constexpr int word_length = W;
  static constexpr bool is_signed = S;
  storage_t<W, S> raw;

  integer() = default;
  template <class Integer, typename std::enable_if<std::is_integral<Integer>::value, int>::type = 0>
  constexpr integer(Integer value) : raw(wrap<W, S>(value)) {}
  template <int W2, bool S2>
  constexpr integer(const integer<W2, S2>& value) : raw(wrap<W, S>(value.raw)) {}
  template <class Word>
  constexpr integer(const range_reference<Word>& value) : raw(wrap<W, S>(value.bits())) {}
  integer(float) = delete;
  integer(double) = delete;

  constexpr range_reference<integer> range(int high, int low) { return {*this, high, low}; }
  constexpr range_reference<const integer> range(int high, int low) const { return {*this, high, low}; }
  constexpr range_reference<integer> range() { return {*this, W - 1, 0}; }
  constexpr range_reference<const integer> range() const { return {*this, W - 1, 0}; }

  constexpr long long to_int64() const { return static_cast<long long>(raw); }
  constexpr unsigned long long to_uint64() const { return static_cast<unsigned long long>(raw); }
  constexpr explicit operator bool() const { return raw != 0; }
};

template <int W, bool S, int W2, bool S2>
constexpr bool operator==(const integer<W, S>& a, const integer<W2, S2>& b) {
  using Common = storage_t<(W > W2 ? W : W2) + (S != S2), S || S2>;
  return Common(a.raw) == Common(b.raw);
}
template <int W, bool S, int W2, bool S2>
constexpr bool operator!=(const integer<W, S>& a, const integer<W2, S2>& b) {
  return !(a == b);
}

}  // namespace ap_detail

template <int W>
using ap_int = ap_detail::integer<W, true>;
template <int W>
using ap_uint = ap_detail::integer<W, false>;

#endif
