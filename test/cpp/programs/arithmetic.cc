// + - * comparisons, unary minus, shifts, compound assignment, conversions from integers, raw integers.
#include "header_support.h"

/** The raw integer of a result: its low 64 bits, and of longer words the bits above the 60th. */
template <int W, int I, bool SIGNED, class Result>
void add_result(digest& results, const Result& result) {
  const qfx::fixed_of<W, I, SIGNED> exact = result;
  results.add(qfx::to_raw(exact));
  const qfx::fixed_of<W, I, SIGNED> upper = exact >> (W > 64 ? 60 : 0);
  results.add(qfx::to_raw(upper));
}

constexpr int larger(int a, int b) { return a > b ? a : b; }

template <class A, class B>
void compare(digest& results, const A& a, const B& b, std::true_type) {
  results.add((a < b) + 2 * (a <= b) + 4 * (a > b) + 8 * (a >= b) + 16 * (a == b) + 32 * (a != b));
}
// Of signed with unsigned: a compile error in the project's own headers.
template <class A, class B>
void compare(digest&, const A&, const B&, std::false_type) {}

template <class A, class B>
void operate() {
  using a_traits = qfx::fixed_traits<A>;
  using b_traits = qfx::fixed_traits<B>;
  constexpr bool mixed = a_traits::is_signed != b_traits::is_signed;
  constexpr bool any_sign = a_traits::is_signed || b_traits::is_signed;
  constexpr int F = larger(qfx::binary_point_of<A>(), qfx::binary_point_of<B>());
  constexpr int I = larger(a_traits::integer_length + (mixed && !a_traits::is_signed),
                           b_traits::integer_length + (mixed && !b_traits::is_signed)) +
                    1;
  // Exactly the type that a result has: a wider one would hide a result that had lost bits, a signed one its sign.
  digest sums, differences, products, comparisons, assignments;
  const std::vector<A> as = values_of<A>();
  const std::vector<B> bs = values_of<B>();
  for (const A& a : as) {
    for (const B& b : bs) {
      add_result<I + F, I, any_sign>(sums, a + b);
      add_result<I + F, I, true>(differences, a - b);
      add_result<a_traits::word_length + b_traits::word_length, a_traits::integer_length + b_traits::integer_length,
                 any_sign>(products, a * b);
      compare(comparisons, a, b, std::integral_constant<bool, !mixed>());
      A c = a;
      c += b;
      assignments.add(qfx::to_raw(c));
      c = a;
      c -= b;
      assignments.add(qfx::to_raw(c));
      c = a;
      c *= b;
      assignments.add(qfx::to_raw(c));
    }
  }
  const auto line = [](const char* name, const digest& results) {
    std::printf("%s", name);
    print_type<A>();
    print_type<B>();
    print_digest(results);
  };
  line("+", sums);
  line("-", differences);
  line("*", products);
  line("compare", comparisons);
  line("assign", assignments);
}

template <class A>
void operate_alone() {
  digest negated, shifted, raws, ranges;
  constexpr int W = qfx::fixed_traits<A>::word_length;
  for (const A& a : values_of<A>()) {
    add_result<W + 1, qfx::fixed_traits<A>::integer_length + 1, true>(negated, -a);
    for (int count = 0; count < W; ++count) {
      shifted.add(qfx::to_raw(A(a << count)));
      shifted.add(qfx::to_raw(A(a >> count)));
      A b = a;
      b <<= count;
      shifted.add(qfx::to_raw(b));
      b = a;
      b >>= count;
      shifted.add(qfx::to_raw(b));
    }
    raws.add(qfx::to_raw(qfx::from_raw<A>(qfx::to_raw(a))));
    raws.add(qfx::to_raw(qfx::from_raw<A>(static_cast<long long>(qfx::to_raw(a)) + 12345)));
    for (int low = 0; low < W; low += 3) {
      const ap_uint<W> bits = a.range(W - 1, low);
      ranges.add(bits.to_uint64());
      A b = a;
      b.range(low, 0) = ap_uint<W>(0x5a5a5a5a5a5a5a5all);
      ranges.add(qfx::to_raw(b));
    }
  }
  const auto line = [](const char* name, const digest& results) {
    std::printf("%s", name);
    print_type<A>();
    print_digest(results);
  };
  line("negate", negated);
  line("shift", shifted);
  line("raw", raws);
  line("range", ranges);
}

template <class To>
void from_integers() {
  digest results;
  for (int k = -300; k <= 300; ++k) {
    results.add(qfx::to_raw(To(k)));
    results.add(qfx::to_raw(To(static_cast<unsigned>(k))));
    results.add(qfx::to_raw(To(static_cast<signed char>(k))));
    results.add(qfx::to_raw(To(static_cast<unsigned char>(k))));
    results.add(qfx::to_raw(To(static_cast<long long>(k) * 1234567890123ll)));
    results.add(qfx::to_raw(To(static_cast<unsigned long long>(k) * 1234567890123ull)));
    results.add(qfx::to_raw(To(k > 0)));
    results.add(qfx::to_raw(To(ap_int<7>(k))));
    results.add(qfx::to_raw(To(ap_uint<9>(k))));
  }
  std::printf("integers");
  print_type<To>();
  print_digest(results);
}

template <int W, int W2>
void integers() {
  digest results;
  for (long long k = -5000; k <= 5000; k += 7) {
    const ap_int<W> a = k * 987654321;
    const ap_uint<W> b = k * 987654321;
    const ap_int<W2> c = a;
    const ap_uint<W2> d = a;
    const ap_int<W2> e = b;
    ap_uint<W2> f = b;
    results.add(a.to_int64());
    results.add(b.to_uint64());
    results.add(c.to_int64());
    results.add(d.to_uint64());
    results.add(e.to_int64());
    f.range(W2 / 2, 1) = c.range(W2 - 1, W2 / 2);
    results.add(f.to_uint64());
    results.add((a == c) + 2 * (b != d) + 4 * bool(e));
  }
  std::printf("ap_int %d %d", W, W2);
  print_digest(results);
}

int main() {
#if PART == 0
  operate<ap_fixed<6, 3>, ap_fixed<5, 2>>();
  operate<ap_fixed<6, 3, AP_RND_CONV, AP_SAT>, ap_ufixed<5, 4>>();
  operate<ap_ufixed<6, 3>, ap_ufixed<5, -1, AP_RND, AP_SAT>>();
  operate<ap_ufixed<4, 6, AP_RND, AP_SAT_SYM>, ap_fixed<7, 2>>();
  operate<ap_fixed<3, 9, AP_TRN_ZERO, AP_SAT_ZERO>, ap_fixed<6, 0>>();
  operate<ap_ufixed<8, 0>, ap_fixed<6, 1>>();
  operate_alone<ap_fixed<7, 3>>();
  operate_alone<ap_ufixed<7, 9, AP_RND, AP_SAT>>();
  operate_alone<ap_fixed<1, 1>>();
  operate_alone<ap_fixed<32, 10, AP_RND_CONV, AP_SAT_SYM>>();
  from_integers<ap_fixed<8, 6, AP_RND, AP_SAT>>();
  from_integers<ap_ufixed<12, 14, AP_TRN, AP_WRAP>>();
  from_integers<ap_fixed<64, 50, AP_TRN, AP_SAT_ZERO>>();
  integers<7, 12>();
  integers<64, 33>();
  integers<33, 64>();
  integers<1, 3>();
#else
  operate<ap_fixed<31, 11>, ap_fixed<33, 20>>();
  operate<ap_ufixed<33, 40>, ap_fixed<20, 20>>();
  operate<ap_fixed<64, 40>, ap_fixed<50, 48>>();
  operate<ap_ufixed<64, 40>, ap_ufixed<11, 3>>();
  operate_alone<ap_fixed<63, 30>>();
  operate_alone<ap_ufixed<64, 30>>();
#endif
  return 0;
}
