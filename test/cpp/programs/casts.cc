// Casts between fixed-point types: all 7 rounding and 4 overflow modes.
#include "header_support.h"

template <class From, class To>
void cast_all(const std::vector<From>& sources, int rounding, int overflow) {
  digest results;
  for (const From& source : sources) {
    const To constructed = source;
    To assigned = 0;
    assigned = source;
    results.add(qfx::to_raw(constructed));
    if (qfx::to_raw(assigned) != qfx::to_raw(constructed)) std::printf("assignment and construction differ\n");
  }
  std::printf("cast");
  print_type<From>();
  print_type<To>();
  std::printf(" Q%d O%d", rounding, overflow);
  print_digest(results);
}

// The modes are numbered here: the enumerations of two sets of headers may number them differently.
template <int ROUNDING>
struct rounding_mode;
template <>
struct rounding_mode<0> {
  static constexpr ap_q_mode value = AP_TRN;
};
template <>
struct rounding_mode<1> {
  static constexpr ap_q_mode value = AP_TRN_ZERO;
};
template <>
struct rounding_mode<2> {
  static constexpr ap_q_mode value = AP_RND;
};
template <>
struct rounding_mode<3> {
  static constexpr ap_q_mode value = AP_RND_ZERO;
};
template <>
struct rounding_mode<4> {
  static constexpr ap_q_mode value = AP_RND_MIN_INF;
};
template <>
struct rounding_mode<5> {
  static constexpr ap_q_mode value = AP_RND_INF;
};
template <>
struct rounding_mode<6> {
  static constexpr ap_q_mode value = AP_RND_CONV;
};

template <bool SIGNED, int W, int I, ap_q_mode Q, ap_o_mode O>
using type_of = typename std::conditional<SIGNED, ap_fixed<W, I, Q, O>, ap_ufixed<W, I, Q, O>>::type;

template <int OVERFLOW>
struct overflow_mode;
template <>
struct overflow_mode<0> {
  static constexpr ap_o_mode value = AP_WRAP;
};
template <>
struct overflow_mode<1> {
  static constexpr ap_o_mode value = AP_SAT;
};
template <>
struct overflow_mode<2> {
  static constexpr ap_o_mode value = AP_SAT_ZERO;
};
template <>
struct overflow_mode<3> {
  static constexpr ap_o_mode value = AP_SAT_SYM;
};

template <class From, bool SIGNED, int W, int I, int ROUNDING, int OVERFLOW>
void cast_mode(const std::vector<From>& sources) {
  constexpr ap_q_mode Q = rounding_mode<ROUNDING>::value;
  constexpr ap_o_mode O = overflow_mode < SIGNED && W == 1 && OVERFLOW == 3 ? 1 : OVERFLOW > ::value;
  cast_all<From, type_of<SIGNED, W, I, Q, O>>(sources, ROUNDING, OVERFLOW);
}

// Every mode of one kind once.
template <class From, bool SIGNED, int W, int I, int SHIFT>
void cast_some(const std::vector<From>& sources) {
  cast_mode<From, SIGNED, W, I, 0, (0 + SHIFT) % 4>(sources);
  cast_mode<From, SIGNED, W, I, 1, (1 + SHIFT) % 4>(sources);
  cast_mode<From, SIGNED, W, I, 2, (2 + SHIFT) % 4>(sources);
  cast_mode<From, SIGNED, W, I, 3, (3 + SHIFT) % 4>(sources);
  cast_mode<From, SIGNED, W, I, 4, (0 + SHIFT) % 4>(sources);
  cast_mode<From, SIGNED, W, I, 5, (1 + SHIFT) % 4>(sources);
  cast_mode<From, SIGNED, W, I, 6, (2 + SHIFT) % 4>(sources);
}

/** From one type to a signed and an unsigned one, with all combinations of modes. */
template <class From, int W, int I>
void cast_every_mode() {
  const std::vector<From> sources = values_of<From>();
  cast_some<From, true, W, I, 0>(sources);
  cast_some<From, true, W, I, 1>(sources);
  cast_some<From, true, W, I, 2>(sources);
  cast_some<From, true, W, I, 3>(sources);
  cast_some<From, false, W, I, 0>(sources);
  cast_some<From, false, W, I, 1>(sources);
  cast_some<From, false, W, I, 2>(sources);
  cast_some<From, false, W, I, 3>(sources);
}

/** The same with each rounding mode and each overflow mode, but not all combinations. */
template <class From, int W, int I, int SHIFT>
void cast_each_mode() {
  const std::vector<From> sources = values_of<From>();
  cast_some<From, true, W, I, SHIFT>(sources);
  cast_some<From, false, W, I, (SHIFT + 1) % 4>(sources);
}

int main() {
#if PART == 0
  cast_every_mode<ap_fixed<8, 3>, 4, 2>();  // fewer bits on both sides
  cast_every_mode<ap_ufixed<8, 3>, 4, 2>();
  cast_every_mode<ap_fixed<64, 30>, 17, 9>();
#elif PART == 1
  cast_each_mode<ap_fixed<9, 4>, 8, 5, 0>();    // rounds, more integer bits
  cast_each_mode<ap_ufixed<6, 2>, 3, -1, 1>();  // loses integer bits, keeps the last bit
  cast_each_mode<ap_fixed<10, 10>, 1, 4, 2>();  // to one bit
  cast_each_mode<ap_fixed<6, -2>, 9, 1, 3>();   // all of the source, more on both sides
  cast_each_mode<ap_fixed<5, 9>, 7, 6, 0>();    // binary points right of the word
  cast_each_mode<ap_fixed<6, 3>, 8, 3, 2>();    // the same range: only AP_SAT_SYM overflows
  cast_each_mode<ap_ufixed<1, 1>, 5, 3, 1>();
  cast_each_mode<ap_fixed<1, 0>, 3, 2, 2>();
  cast_each_mode<ap_ufixed<7, 3>, 20, 2, 3>();  // shifts left, overflows
#else
  cast_each_mode<ap_ufixed<64, 20>, 64, 21, 1>();
  cast_each_mode<ap_fixed<33, 1>, 40, 20, 2>();
  cast_each_mode<ap_fixed<40, 20>, 64, 2, 3>();
  cast_each_mode<ap_ufixed<12, 70>, 30, 3, 0>();  // far apart: every bit above the target
#endif
  return 0;
}
