// Casts and calculates with AMD's ap_fixed and ap_ufixed. A generated main() includes this file and says which types.
// Input and output files hold 64-bit integers: for each block of casts the number of values and the raw integers; raw results.
#include <ap_fixed.h>

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <vector>

template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
constexpr bool is_signed(const ap_fixed<W, I, Q, O, N>*) {
  return true;
}
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N>
constexpr bool is_signed(const ap_ufixed<W, I, Q, O, N>*) {
  return false;
}

// The range of raw integers of a type.
template <typename T>
constexpr long long minimum() {
  return is_signed(static_cast<T*>(nullptr)) ? -(1LL << (T::width - 1)) : 0;
}
template <typename T>
constexpr long long maximum() {
  return minimum<T>() + (1LL << T::width) - 1;
}

struct oracle {
  std::ifstream input;
  std::vector<int64_t> sources;
  std::vector<int64_t> results;

  explicit oracle(const char* path) : input(path, std::ios::binary) {}

  int64_t read() {
    int64_t value = 0;
    if (!input.read(reinterpret_cast<char*>(&value), sizeof value)) throw std::runtime_error("the input is too short");
    return value;
  }

  // The next block of source values.
  void load() {
    sources.resize(static_cast<size_t>(read()));
    for (int64_t& source : sources) source = read();
  }

  // Casts all source values of the block.
  template <typename From, typename To>
  void cast() {
    for (const int64_t source : sources) {
      From from;
      from.V = static_cast<long long>(source);
      const To to = from;
      results.push_back(static_cast<long long>(to.V));
    }
  }

  // Reports what type a result has (word length, integer bits, signed, whether its modes are the defaults) ...
  template <typename Result>
  void describe(const Result&) {
    results.push_back(Result::width);
    results.push_back(Result::iwidth);
    results.push_back(is_signed(static_cast<Result*>(nullptr)));
    results.push_back(Result::qmode == AP_TRN && Result::omode == AP_WRAP);
  }

  // ... and its values for all pairs of operands.
  template <typename A, typename B, typename Operator>
  void operate(Operator apply) {
    A a = 0;
    B b = 0;
    describe(apply(a, b));
    for (long long i = minimum<A>(); i <= maximum<A>(); i++) {
      for (long long j = minimum<B>(); j <= maximum<B>(); j++) {
        a.V = i;
        b.V = j;
        results.push_back(static_cast<long long>(apply(a, b).V));
      }
    }
  }

  template <typename A, typename B>
  void operate() {
    operate<A, B>([](const A& a, const B& b) { return a + b; });
    operate<A, B>([](const A& a, const B& b) { return a - b; });
    operate<A, B>([](const A& a, const B& b) { return a * b; });
  }

  bool write(const char* path) const {
    std::ofstream output(path, std::ios::binary);
    output.write(reinterpret_cast<const char*>(results.data()),
                 static_cast<std::streamsize>(results.size() * sizeof(int64_t)));
    return static_cast<bool>(output.flush());
  }
};
