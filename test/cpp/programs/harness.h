// What the programs that test the library share: random integers, streams of raw integers, a reference cast.
#ifndef QFX_TEST_HARNESS_H
#define QFX_TEST_HARNESS_H

#include <cstdint>
#include <cstdio>
#include <vector>

#include "qfx/raw.h"
#include "qfx/vector.h"
#include <hls_stream.h>

namespace harness {

__extension__ typedef __int128 wide;

inline uint64_t random_bits() {
  static uint64_t state = 0x9e3779b97f4a7c15u;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state * 0x2545f4914f6cdd1du;
}

/** What is known of an ap_fixed type. */
struct format {
  int word_length, binary_point;
  bool is_signed;
  ap_q_mode rounding;
  ap_o_mode overflow;
};
template <class T>
struct format_of;
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct format_of<ap_fixed<W, I, Q, O, N>> {
  static format value() { return {W, W - I, true, Q, O}; }
};
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
struct format_of<ap_ufixed<W, I, Q, O, N>> {
  static format value() { return {W, W - I, false, Q, O}; }
};

inline wide minimum(const format& type) { return type.is_signed ? -(wide(1) << (type.word_length - 1)) : 0; }
inline wide maximum(const format& type) { return (wide(1) << (type.word_length - type.is_signed)) - 1; }

/** A random raw integer of a format, often one of the ends of its range. */
inline wide random_raw(const format& type) {
  const uint64_t choice = random_bits() % 16;
  if (choice == 0) return minimum(type);
  if (choice == 1) return maximum(type);
  return minimum(type) + wide(random_bits()) % (maximum(type) - minimum(type) + 1);
}

/** The definition of a cast, from a raw integer with `binary_point`: floor, then the mode's correction, then overflow.
 */
inline wide reference_cast(wide raw, int binary_point, const format& to) {
  const int right = binary_point - to.binary_point;
  wide result = raw;
  if (right <= 0) {
    result = raw * (wide(1) << -right);
  } else {
    const wide unit = wide(1) << right;
    wide rest = raw % unit;
    if (rest < 0) rest += unit;
    result = (raw - rest) / unit;
    const bool up = 2 * rest > unit, tie = 2 * rest == unit, negative = raw < 0;
    switch (to.rounding) {
      case AP_TRN:
        break;
      case AP_TRN_ZERO:
        result += negative && rest != 0;
        break;
      case AP_RND:
        result += up || tie;
        break;
      case AP_RND_ZERO:
        result += up || (tie && negative);
        break;
      case AP_RND_MIN_INF:
        result += up;
        break;
      case AP_RND_INF:
        result += up || (tie && !negative);
        break;
      case AP_RND_CONV:
        result += up || (tie && result % 2 != 0);
        break;
    }
  }
  const wide lowest = minimum(to), highest = maximum(to), size = highest - lowest + 1;
  switch (to.overflow) {
    case AP_WRAP: {
      wide offset = (result - lowest) % size;
      if (offset < 0) offset += size;
      return lowest + offset;
    }
    case AP_SAT:
      return result < lowest ? lowest : result > highest ? highest : result;
    case AP_SAT_ZERO:
      return result < lowest || result > highest ? wide(0) : result;
    case AP_SAT_SYM: {
      const wide symmetric = to.is_signed ? -highest : lowest;
      return result < symmetric ? symmetric : result > highest ? highest : result;
    }
    default:
      return result;
  }
}

using tensor = std::vector<wide>;

inline tensor random_tensor(const format& type, int size) {
  tensor values(size);
  for (wide& value : values) value = random_raw(type);
  return values;
}

template <class T, int LANES>
void send(const tensor& values, hls::stream<qfx::vector<T, LANES>>& stream) {
  for (std::size_t k = 0; k < values.size(); k += LANES) {
    qfx::vector<T, LANES> word;
    for (int lane = 0; lane < LANES; ++lane) word[lane] = qfx::from_raw<T>(static_cast<long long>(values[k + lane]));
    stream.write(word);
  }
}

struct tally {
  long values = 0, mismatches = 0;
};
inline tally& total() {
  static tally counts;
  return counts;
}

/** Reads what a layer wrote and compares it, value by value; nothing may be left. */
template <class T, int LANES>
void expect_values(const char* name, hls::stream<qfx::vector<T, LANES>>& stream, const tensor& expected) {
  for (std::size_t k = 0; k < expected.size(); k += LANES) {
    if (stream.empty()) {
      std::printf("%s: only %lu of %lu values\n", name, (unsigned long)k, (unsigned long)expected.size());
      ++total().mismatches;
      return;
    }
    const qfx::vector<T, LANES> word = stream.read();
    for (int lane = 0; lane < LANES; ++lane) {
      const long long actual = static_cast<long long>(qfx::to_raw(word[lane]));
      const long long wanted = static_cast<long long>(expected[k + lane]);
      ++total().values;
      if (actual != wanted && total().mismatches++ < 20) {
        std::printf("%s: value %lu: expected %lld, actual %lld\n", name, (unsigned long)(k + lane), wanted, actual);
      }
    }
  }
  if (!stream.empty()) {
    std::printf("%s: more than %lu values\n", name, (unsigned long)expected.size());
    ++total().mismatches;
    while (!stream.empty()) stream.read();
  }
}

/** The layer has read all of its input. */
template <class Stream>
void expect_consumed(const char* name, Stream& stream) {
  if (stream.empty()) return;
  std::printf("%s: input was left over\n", name);
  ++total().mismatches;
  while (!stream.empty()) stream.read();
}

/** The last line of a program, and its exit status. */
inline int finish() {
  std::printf("%ld values, %ld mismatches\n", total().values, total().mismatches);
  return total().mismatches == 0 && total().values > 0 ? 0 : 1;
}

}  // namespace harness

#endif
