// Products with K-hot words: every number of a type, put together term by term as k_hot.h documents its words, times
// many values, against the same product of 128-bit integers.
#include "harness.h"
#include "qfx/multiply_accumulate.h"

using namespace harness;

struct plain {
  using digits = qfx::plain_digits;
  static constexpr bool is_signed = false;
};
struct with_signs {
  using digits = qfx::signed_digits;
  static constexpr bool is_signed = true;
};

/** Magnitudes of `bits` bits as sums of `terms` powers, in words whose fields are found by counting. */
template <class Value, int TERMS, class Digits, class X>
struct checker {
  using constant_t = qfx::k_hot<Value, TERMS, typename Digits::digits>;
  const char* name;
  tensor values;
  int bits = qfx::fixed_traits<Value>::word_length - qfx::fixed_traits<Value>::is_signed;
  bool negatives = qfx::fixed_traits<Value>::is_signed;
  /** One exponent of each term, drawn, instead of all. */
  bool sampled = false;

  /** How many terms a number can have. */
  int most_terms() const {
    const int most = bits == 0 ? 0 : Digits::is_signed ? bits / 2 + 1 : bits;
    return TERMS < most ? TERMS : most;
  }
  /** Exponents of term t are below this one, which stands for none. */
  int absent(int t) const {
    if (!Digits::is_signed) return bits - t;
    return most_terms() == 1 ? bits : bits + 1 - 2 * t;
  }
  static int width(int code) {
    int count = 0;
    while (code >> count) ++count;
    return count;
  }

  void check(wide raw, uint64_t word) const {
    for (wide x : values) {
      const auto product = qfx::product<constant_t>(qfx::from_raw<X>(static_cast<long long>(x)),
                                                    static_cast<qfx::table_t<constant_t>>(word));
      const long long actual = static_cast<long long>(qfx::to_raw(product)), wanted = static_cast<long long>(x * raw);
      ++total().values;
      if (actual != wanted && total().mismatches++ < 20) {
        std::printf("%s: %lld * %lld, word %llx: actual %lld\n", name, (long long)x, (long long)raw,
                    (unsigned long long)word, actual);
      }
    }
  }

  /** All numbers whose first t terms are chosen: their sum, the word up to `bit`, exponents left below `below`. */
  void descend(int t, wide sum, uint64_t word, int bit, int below) const {
    if (t == most_terms()) {
      if (sum < 0 || sum >= (wide(1) << bits)) return;
      check(sum, word);
      // The same magnitude, negative: one bit for the number, or each term's bit turned.
      if (negatives && !Digits::is_signed) check(-sum, word | uint64_t(1) << bit);
      return;
    }
    const int code_bits = width(absent(t));
    const bool sign_bit = Digits::is_signed && (negatives || t > 0);
    const int next = bit + code_bits + sign_bit;
    // None: then there is none after it, either.
    uint64_t rest = word;
    int at = bit;
    for (int later = t; later < most_terms(); ++later) {
      rest |= uint64_t(absent(later)) << at;
      at += width(absent(later)) + (Digits::is_signed && (negatives || later > 0));
    }
    descend(most_terms(), sum, rest, at, 0);
    const int end = absent(t) < below ? absent(t) : below;
    const int first = sampled && end > 3 ? end - 1 - int(random_bits() % 3) : 0;
    for (int exponent = first; exponent < (sampled && end > 3 ? first + 1 : end); ++exponent) {
      const uint64_t chosen = word | uint64_t(exponent) << bit;
      const int left = Digits::is_signed ? exponent - 1 : exponent;
      descend(t + 1, sum + (wide(1) << exponent), chosen, next, left);
      if (sign_bit && t > 0)
        descend(t + 1, sum - (wide(1) << exponent), chosen | uint64_t(1) << (next - 1), next, left);
    }
  }

  void run() {
    if (qfx::fixed_traits<X>::word_length <= 5) {
      const format x = format_of<X>::value();
      for (wide value = minimum(x); value <= maximum(x); ++value) values.push_back(value);
    } else {
      values = random_tensor(format_of<X>::value(), 8);
      values.push_back(minimum(format_of<X>::value()));
      values.push_back(maximum(format_of<X>::value()));
    }
    for (int time = 0; time < (sampled ? 200 : 1); ++time) descend(0, 0, 0, 0, bits + 1);
  }
};

template <class Value, int TERMS, class Digits, class X>
void run(const char* name) {
  checker<Value, TERMS, Digits, X> checks;
  checks.name = name;
  checks.run();
}

template <class Value, int TERMS, class Digits>
constexpr int word_bits() {
  return qfx::k_hot_word<qfx::k_hot<Value, TERMS, Digits>>::bits;
}
// The two words that the documentation shows; the shortest one; no term, no sign; a word of more than 32 bits.
static_assert(word_bits<ap_fixed<6, 1>, 2, qfx::plain_digits>() == 7, "documented");
static_assert(word_bits<ap_fixed<6, 1>, 2, qfx::signed_digits>() == 8, "documented");
static_assert(word_bits<ap_ufixed<1, 1>, 1, qfx::plain_digits>() == 1, "a power of two");
static_assert(word_bits<ap_ufixed<24, 0>, 8, qfx::signed_digits>() == 44, "a long word");

template <class Value, class X>
void run_all_sets(const char* name) {
  run<Value, 1, plain, X>(name);
  run<Value, 2, plain, X>(name);
  run<Value, 3, plain, X>(name);
  run<Value, 4, plain, X>(name);
  run<Value, 1, with_signs, X>(name);
  run<Value, 2, with_signs, X>(name);
  run<Value, 3, with_signs, X>(name);
  run<Value, 4, with_signs, X>(name);
}

int main() {
  run_all_sets<ap_fixed<6, 1>, ap_fixed<4, 2>>("6 bits, signed values");
  run_all_sets<ap_ufixed<6, -3>, ap_fixed<5, 7>>("6 bits without sign, a negative binary point");
  run_all_sets<ap_fixed<9, 20>, ap_ufixed<8, 0>>("9 bits, bytes");
  run_all_sets<ap_ufixed<3, 2>, ap_ufixed<4, 4>>("3 bits without sign");
  run_all_sets<ap_fixed<2, 1>, ap_fixed<3, 1>>("a sign and one bit");
  run_all_sets<ap_ufixed<1, 30>, ap_fixed<5, 1>>("one bit");
  checker<ap_ufixed<24, 0>, 8, with_signs, ap_fixed<6, 2>> long_words;
  long_words.name = "long words";
  long_words.sampled = true;
  long_words.run();
  run_all_sets<ap_fixed<1, 0>, ap_fixed<5, 1>>("a sign alone");
  run_all_sets<ap_fixed<8, 1>, ap_fixed<53, 3>>("long values");
  return finish();
}
