// table and softmax against plain loops.
#include <algorithm>

#include "harness.h"
#include "qfx/softmax.h"
#include "qfx/table.h"

using namespace harness;

template <class Input, class Result, class Output, int VALUES, int INPUT_LANES, int OUTPUT_LANES>
struct table_config {
  using input_t = Input;
  using result_t = Result;
  using output_t = Output;
  static constexpr int values = VALUES, input_lanes = INPUT_LANES, output_lanes = OUTPUT_LANES;
};

template <class c>
void run_table(const char* name) {
  const format input = format_of<typename c::input_t>::value(), result = format_of<typename c::result_t>::value();
  constexpr int words = qfx::word_count<typename c::input_t>();
  static qfx::table_t<typename c::result_t> results[words];
  const tensor table = random_tensor(result, words);
  for (int word = 0; word < words; ++word) results[word] = static_cast<long long>(table[word]);
  hls::stream<qfx::vector<typename c::input_t, c::input_lanes>> in("in");
  hls::stream<qfx::vector<typename c::output_t, c::output_lanes>> out("out");
  const tensor image = random_tensor(input, c::values);
  tensor expected;
  for (wide x : image) {
    const wide y = table[static_cast<std::size_t>(x < 0 ? x + words : x)];
    expected.push_back(reference_cast(y, result.binary_point, format_of<typename c::output_t>::value()));
  }
  send(image, in);
  qfx::table<c>(in, out, results);
  expect_consumed(name, in);
  expect_values(name, out, expected);
}

template <class Input, int POSITIONS, int CHANNELS, int INPUT_LANES, int OUTPUT_LANES>
struct softmax_config {
  using input_t = Input;
  using difference_t = ap_ufixed<qfx::fixed_traits<Input>::word_length, qfx::fixed_traits<Input>::integer_length>;
  using exponential_t = ap_ufixed<9, 0>;
  static constexpr int sum_bits = 9 + qfx::floor_log2(2 * CHANNELS - 1);
  using sum_t = ap_ufixed<sum_bits, sum_bits - 9>;
  using reciprocal_t = ap_ufixed<7, 0>;
  using exact_t = ap_ufixed<20 + sum_bits, 14>;
  using output_t = ap_fixed<8, 1, AP_RND, AP_SAT>;
  static constexpr int positions = POSITIONS, channels = CHANNELS;
  static constexpr int input_lanes = INPUT_LANES, output_lanes = OUTPUT_LANES;
};

template <class c, int EXPONENTIALS, int INDEX_BITS>
void run_softmax(const char* name) {
  constexpr int reciprocal_count = 1 << INDEX_BITS;
  static qfx::table_t<typename c::exponential_t> exponentials[EXPONENTIALS];
  static qfx::table_t<typename c::reciprocal_t> reciprocals[reciprocal_count];
  tensor e = random_tensor(format_of<typename c::exponential_t>::value(), EXPONENTIALS);
  const tensor r = random_tensor(format_of<typename c::reciprocal_t>::value(), reciprocal_count);
  // The first one is the largest, and as large as its type: sum_bits rests on it.
  e[0] = maximum(format_of<typename c::exponential_t>::value());
  for (int k = 0; k < EXPONENTIALS; ++k) exponentials[k] = static_cast<long long>(e[k]);
  for (int k = 0; k < reciprocal_count; ++k) reciprocals[k] = static_cast<long long>(r[k]);
  hls::stream<qfx::vector<typename c::input_t, c::input_lanes>> in("in");
  hls::stream<qfx::vector<typename c::output_t, c::output_lanes>> out("out");
  const tensor image = random_tensor(format_of<typename c::input_t>::value(), c::positions * c::channels);
  tensor expected;
  for (int p = 0; p < c::positions; ++p) {
    const auto row = image.begin() + p * c::channels;
    const wide largest = *std::max_element(row, row + c::channels);
    wide sum = 0;
    const auto exponential = [&](wide x) {
      return largest - x < EXPONENTIALS ? e[static_cast<std::size_t>(largest - x)] : wide(0);
    };
    for (int channel = 0; channel < c::channels; ++channel) sum += exponential(row[channel]);
    int exponent = 0;
    while (sum >> (exponent + 1) > 0) ++exponent;
    const wide index = (sum << INDEX_BITS >> exponent) - reciprocal_count;
    for (int channel = 0; channel < c::channels; ++channel) {
      const wide share = exponential(row[channel]) * r[static_cast<std::size_t>(index)]
                         << (c::sum_bits - 1 - exponent);
      expected.push_back(reference_cast(share, 7 + c::sum_bits - 1, format_of<typename c::output_t>::value()));
    }
  }
  send(image, in);
  qfx::softmax<c>(in, out, exponentials, reciprocals);
  expect_consumed(name, in);
  expect_values(name, out, expected);
}

int main() {
  run_table<table_config<ap_fixed<6, 2>, ap_fixed<9, 3>, ap_fixed<9, 3>, 48, 4, 4>>("table");
  run_table<table_config<ap_ufixed<5, 7>, ap_ufixed<3, -2>, ap_fixed<7, 2, AP_RND, AP_SAT>, 48, 6, 8>>(
      "table, other lanes");
  run_table<table_config<ap_fixed<1, 1>, ap_fixed<64, 10>, ap_fixed<40, 10, AP_RND_CONV, AP_SAT>, 24, 1, 3>>(
      "table of two long words");
  run_table<table_config<ap_fixed<16, 4>, ap_fixed<8, 1>, ap_fixed<8, 1, AP_TRN, AP_SAT_SYM>, 96, 2, 1>>(
      "table of long input words");
  run_softmax<softmax_config<ap_fixed<6, 3>, 8, 12, 4, 3>, 40, 5>("softmax");
  run_softmax<softmax_config<ap_ufixed<5, 2>, 6, 10, 1, 5>, 32, 12>("softmax, long reciprocal table");
  run_softmax<softmax_config<ap_fixed<30, 20>, 8, 2, 2, 1>, 7, 0>("softmax, long words and one reciprocal");
  run_softmax<softmax_config<ap_fixed<2, 1>, 6, 1, 1, 1>, 4, 3>("softmax of one value");
  return finish();
}
