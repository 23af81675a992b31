// Prints what the fixed-point headers compute: the same program, compiled with two sets of headers, must print the
// same.
#ifndef QFX_TEST_HEADER_SUPPORT_H
#define QFX_TEST_HEADER_SUPPORT_H

#include <cstdint>
#include <cstdio>
#include <vector>

#include "qfx/raw.h"

/** All raw integers of a type of at most 10 bits; for wider types the ends of the range, what is near them and near the
 *  powers of two, and pseudo-random ones. As many as that are the values of every line printed. */
template <class T>
std::vector<T> values_of() {
  constexpr int bits = qfx::fixed_traits<T>::word_length;
  std::vector<T> values;
  if (bits <= 10) {
    for (long long raw = 0; raw < (1ll << (bits < 32 ? bits : 0)); ++raw) values.push_back(qfx::from_raw<T>(raw));
    return values;
  }
  uint64_t state = 88172645463325252u;
  for (int bit = 0; bit < bits; ++bit) {
    for (int near = -2; near <= 2; ++near)
      values.push_back(qfx::from_raw<T>(static_cast<long long>((uint64_t(1) << bit) + near)));
    for (int near = -2; near <= 2; ++near)
      values.push_back(qfx::from_raw<T>(static_cast<long long>(near - (uint64_t(1) << bit))));
    for (int k = 0; k < 4; ++k) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      values.push_back(qfx::from_raw<T>(static_cast<long long>(state >> (bit % 40))));
    }
  }
  return values;
}

/** A hash of all results of one line. */
struct digest {
  uint64_t hash = 1469598103934665603u;
  long count = 0;
  void add(uint64_t value) {
    hash = (hash ^ value) * 1099511628211u;
    hash ^= hash >> 29;
    ++count;
  }
};

/** How a type is written in a line. */
template <class T>
void print_type() {
  std::printf(" %c%d,%d", qfx::fixed_traits<T>::is_signed ? 's' : 'u', qfx::fixed_traits<T>::word_length,
              qfx::fixed_traits<T>::integer_length);
}

inline void print_digest(const digest& results) {
  std::printf(" %ld %016llx\n", results.count, static_cast<unsigned long long>(results.hash));
}

#endif
