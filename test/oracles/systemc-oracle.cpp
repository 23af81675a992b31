// Casts and calculates with SystemC's sc_fix and sc_ufix, the classes under sc_fixed<...> and sc_ufixed<...>, which only
// fix their parameters at compile time.
//   systemc-oracle <jobs> <input> <output>
// jobs is a text file:
//   block <signed> <W> <I>                       the next block of source values from the input
//   cast <signed> <W> <I> <rounding> <overflow>  casts all source values of the block
//   operate <signed> <W> <I> <signed> <W> <I> <F of the sums> <F of the products>   all pairs: +, then -, then *
// Input and output are 64-bit integers: for each block the number of values and the raw integers; raw results.
#define SC_INCLUDE_FX
#include <systemc.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

struct Format {
  bool is_signed;
  int word_length;
  int integer_bits;
  long long minimum() const { return is_signed ? -(1LL << (word_length - 1)) : 0; }
  long long maximum() const { return is_signed ? -minimum() - 1 : (1LL << word_length) - 1; }
};

std::istream& operator>>(std::istream& stream, Format& format) {
  return stream >> format.is_signed >> format.word_length >> format.integer_bits;
}

template <typename Fix>
sc_fxval exact_value(const Format& format, int64_t raw) {
  Fix value(format.word_length, format.integer_bits);
  value.range(format.word_length - 1, 0) = static_cast<sc_dt::int64>(raw);
  return sc_fxval(value);
}

sc_fxval exact_value(const Format& format, int64_t raw) {
  return format.is_signed ? exact_value<sc_fix>(format, raw) : exact_value<sc_ufix>(format, raw);
}

template <typename Fix>
void cast_all(const std::vector<sc_fxval>& sources, Fix target, std::vector<int64_t>& results) {
  const bool is_signed = std::is_same<Fix, sc_fix>::value;
  const int unused = 64 - target.wl();
  for (const sc_fxval& source : sources) {
    target = source;
    const uint64_t bits = target.range(target.wl() - 1, 0).to_uint64();
    results.push_back(is_signed ? static_cast<int64_t>(bits << unused) >> unused : static_cast<int64_t>(bits));
  }
}

// The raw integer of an exact result of few bits at a binary point.
int64_t scaled(const sc_fxval& value, int binary_point) {
  const double raw = std::ldexp(value.to_double(), binary_point);
  if (raw != std::floor(raw)) throw std::runtime_error("a result has more bits than its type");
  return static_cast<int64_t>(raw);
}

template <typename Value, size_t N>
Value by_name(const std::string& name, const char* const (&names)[N], const Value (&values)[N]) {
  for (size_t i = 0; i < N; i++) {
    if (name == names[i]) return values[i];
  }
  throw std::runtime_error("unknown mode " + name);
}

const char* const rounding_names[] = {"AP_TRN",         "AP_TRN_ZERO", "AP_RND",     "AP_RND_ZERO",
                                      "AP_RND_MIN_INF", "AP_RND_INF",  "AP_RND_CONV"};
const sc_q_mode rounding_modes[] = {SC_TRN, SC_TRN_ZERO, SC_RND, SC_RND_ZERO, SC_RND_MIN_INF, SC_RND_INF, SC_RND_CONV};
const char* const overflow_names[] = {"AP_WRAP", "AP_SAT", "AP_SAT_ZERO", "AP_SAT_SYM"};
const sc_o_mode overflow_modes[] = {SC_WRAP, SC_SAT, SC_SAT_ZERO, SC_SAT_SYM};

int64_t read_integer(std::istream& input) {
  int64_t value = 0;
  if (!input.read(reinterpret_cast<char*>(&value), sizeof value)) throw std::runtime_error("the input is too short");
  return value;
}

void operate(const Format& a, const Format& b, int sum_point, int product_point, std::vector<int64_t>& results) {
  for (const char symbol : {'+', '-', '*'}) {
    for (long long i = a.minimum(); i <= a.maximum(); i++) {
      const sc_fxval x = exact_value(a, i);
      for (long long j = b.minimum(); j <= b.maximum(); j++) {
        const sc_fxval y = exact_value(b, j);
        if (symbol == '+') results.push_back(scaled(x + y, sum_point));
        if (symbol == '-') results.push_back(scaled(x - y, sum_point));
        if (symbol == '*') results.push_back(scaled(x * y, product_point));
      }
    }
  }
}

int sc_main(int, char** argv) {
  std::ifstream jobs(argv[1]), input(argv[2], std::ios::binary);
  std::ofstream output(argv[3], std::ios::binary);
  std::vector<int64_t> results;
  std::vector<sc_fxval> sources;
  for (std::string job; jobs >> job;) {
    if (job == "block") {
      Format format;
      jobs >> format;
      sources.clear();
      for (int64_t count = read_integer(input); count > 0; count--) {
        sources.push_back(exact_value(format, read_integer(input)));
      }
    } else if (job == "cast") {
      Format to;
      std::string rounding_name, overflow_name;
      jobs >> to >> rounding_name >> overflow_name;
      const sc_q_mode rounding = by_name(rounding_name, rounding_names, rounding_modes);
      const sc_o_mode overflow = by_name(overflow_name, overflow_names, overflow_modes);
      if (to.is_signed) {
        cast_all(sources, sc_fix(to.word_length, to.integer_bits, rounding, overflow), results);
      } else {
        cast_all(sources, sc_ufix(to.word_length, to.integer_bits, rounding, overflow), results);
      }
    } else if (job == "operate") {
      Format a, b;
      int sum_point, product_point;
      jobs >> a >> b >> sum_point >> product_point;
      operate(a, b, sum_point, product_point, results);
    } else {
      throw std::runtime_error("unknown job " + job);
    }
  }
  output.write(reinterpret_cast<const char*>(results.data()),
               static_cast<std::streamsize>(results.size() * sizeof(int64_t)));
  return output.flush() ? 0 : 1;
}
