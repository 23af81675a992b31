// Fixed-point values from raw integers and back: the only place that looks at the bits of an ap_fixed.
//
// A value x of ap_fixed<W, I> is raw * 2^(I - W); raw is an integer of W bits, two's complement if signed.
//   from_raw<T>(raw)     the value with this raw integer (its low W bits); any native integer type
//   to_raw(x)            long long for signed types, unsigned long long for unsigned ones
//   with_raw_of<T>(x)    the value of T with the raw integer of x, which must fit into T's word: x, its binary point moved
//   table_t<T>           element of a table of raw integers of T: as many bits as T in synthesis, the smallest native
//                        integer in C simulation (where constructors for every element would take minutes to compile)
//   from_table<T>(entry) the value of an element of such a table; it must fit into T's word
#ifndef QFX_RAW_H
#define QFX_RAW_H

#include <cstdint>

#include "fixed.h"

namespace qfx {

namespace detail {

template <int W, bool SIGNED>
struct native_integer {
  static_assert(W <= 64, "raw integers have at most 64 bits");
  using signed_type = typename std::conditional<
      W <= 8, int8_t,
      typename std::conditional<W <= 16, int16_t,
                                typename std::conditional<W <= 32, int32_t, int64_t>::type>::type>::type;
  using type = typename std::conditional<SIGNED, signed_type, typename std::make_unsigned<signed_type>::type>::type;
};

template <class Integer>
inline long long to_long_long(const Integer& integer, std::true_type) {
  return integer.to_int64();
}
template <class Integer>
inline unsigned long long to_long_long(const Integer& integer, std::false_type) {
  return integer.to_uint64();
}

}  // namespace detail

template <class T>
using raw_t = typename std::conditional<fixed_traits<T>::is_signed, long long, unsigned long long>::type;

#ifdef __SYNTHESIS__
template <int BITS, bool SIGNED>
using stored_integer = typename std::conditional<SIGNED, ap_int<BITS>, ap_uint<BITS>>::type;
#else
template <int BITS, bool SIGNED>
using stored_integer = typename detail::native_integer<BITS, SIGNED>::type;
#endif

template <class T>
struct table_element {
  using type = stored_integer<fixed_traits<T>::word_length, fixed_traits<T>::is_signed>;
};
template <class T>
using table_t = typename table_element<T>::type;

template <class T, class Raw>
inline T from_raw(Raw raw) {
#pragma HLS INLINE
  const typename fixed_traits<T>::integer bits = raw;
  T value = 0;
  value.range(fixed_traits<T>::word_length - 1, 0) = bits;
  return value;
}

template <class T>
inline raw_t<T> to_raw(const T& value) {
#pragma HLS INLINE
  typename fixed_traits<T>::integer bits = 0;
  bits.range(fixed_traits<T>::word_length - 1, 0) = value.range(fixed_traits<T>::word_length - 1, 0);
  return detail::to_long_long(bits, std::integral_constant<bool, fixed_traits<T>::is_signed>());
}

template <class T, class X>
inline T with_raw_of(const X& x) {
#pragma HLS INLINE
  static_assert(fixed_traits<T>::word_length > fixed_traits<X>::word_length ||
                    (fixed_traits<T>::word_length == fixed_traits<X>::word_length &&
                     fixed_traits<T>::is_signed == fixed_traits<X>::is_signed),
                "the word holds every raw integer");
#ifdef QFX_SIMULATION_TYPES
  return T::from_storage(static_cast<typename T::raw_type>(x.raw));
#else
  typename fixed_traits<X>::integer bits = 0;
  bits.range(fixed_traits<X>::word_length - 1, 0) = x.range(fixed_traits<X>::word_length - 1, 0);
  return from_raw<T>(bits);
#endif
}

template <class T>
inline T from_table(const table_t<T>& entry) {
#pragma HLS INLINE
#ifdef QFX_SIMULATION_TYPES
  return T::from_storage(entry);
#else
  return from_raw<T>(entry);
#endif
}

}  // namespace qfx

#endif
