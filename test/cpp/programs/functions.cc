// table against plain loops.
#include "harness.h"
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

int main() {
  run_table<table_config<ap_fixed<6, 2>, ap_fixed<9, 3>, ap_fixed<9, 3>, 48, 4, 4>>("table");
  run_table<table_config<ap_ufixed<5, 7>, ap_ufixed<3, -2>, ap_fixed<7, 2, AP_RND, AP_SAT>, 48, 6, 8>>(
      "table, other lanes");
  run_table<table_config<ap_fixed<1, 1>, ap_fixed<64, 10>, ap_fixed<40, 10, AP_RND_CONV, AP_SAT>, 24, 1, 3>>(
      "table of two long words");
  run_table<table_config<ap_fixed<16, 4>, ap_fixed<8, 1>, ap_fixed<8, 1, AP_TRN, AP_SAT_SYM>, 96, 2, 1>>(
      "table of long input words");
  return finish();
}
