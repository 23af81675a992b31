// Fixed-point values from raw integers and back: the only place that looks at the bits of an ap_fixed.
//
// A value x of ap_fixed<W, I> is raw * 2^(I - W); raw is an integer of W bits, two's complement if signed.
//   from_raw<T>(raw)   the value with this raw integer (its low W bits)
//   to_raw(x)          long long for signed types, unsigned long long for unsigned ones
//   table_t<T>         element type of a table of raw integers of T: as many bits as T in synthesis, the smallest
//                      native integer in C simulation (where constructors for every element would take minutes to compile)
//   constant<T>(entry) the value of an entry of such a table; the entry must fit into T's word
#ifndef QFX_RAW_H
#define QFX_RAW_H

#include <ap_fixed.h>
#include <ap_int.h>

#include "fixed.h"

namespace qfx {

template <class T>
using raw_t = typename detail::raw_integer<is_signed<T>::value>::type;

#ifdef __SYNTHESIS__
template <class T>
using table_t = typename detail::arbitrary_integer<word_length<T>::value, is_signed<T>::value>::type;
#else
template <class T>
using table_t = typename detail::native_integer<word_length<T>::value, is_signed<T>::value>::type;
#endif

template <class T, class Raw>
T from_raw(Raw raw);

template <class T>
raw_t<T> to_raw(const T& value);

template <class T>
T constant(const table_t<T>& entry);

}  // namespace qfx

#endif
