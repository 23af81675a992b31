// add, subtract, multiply, maximum, minimum, relu, prelu, leaky relu, requantize, flatten, reshape, concatenate, argmax, fork, change_lanes and AXI4-Stream words against plain
// loops.
#include <algorithm>

#include "harness.h"
#include "qfx/add.h"
#include "qfx/argmax.h"
#include "qfx/axis.h"
#include "qfx/change_lanes.h"
#include "qfx/concatenate.h"
#include "qfx/flatten.h"
#include "qfx/fork.h"
#include "qfx/leaky_relu.h"
#include "qfx/maximum.h"
#include "qfx/minimum.h"
#include "qfx/multiply.h"
#include "qfx/prelu.h"
#include "qfx/relu.h"
#include "qfx/requantize.h"
#include "qfx/reshape.h"
#include "qfx/subtract.h"

using namespace harness;

template <class Exact, class Output, int VALUES, int INPUT_LANES, int OUTPUT_LANES>
struct values_config {
  using exact_t = Exact;
  using output_t = Output;
  static constexpr int values = VALUES, input_lanes = INPUT_LANES, output_lanes = OUTPUT_LANES;
};

/** A raw integer with another, finer binary point. */
wide align(wide raw, const format& from, const format& to) {
  return raw * (wide(1) << (to.binary_point - from.binary_point));
}

template <class First, class Second, class Third, class c>
void run_add(const char* name) {
  const format first = format_of<First>::value(), second = format_of<Second>::value(),
               third = format_of<Third>::value();
  const format exact = format_of<typename c::exact_t>::value(), output = format_of<typename c::output_t>::value();
  hls::stream<qfx::vector<First, c::input_lanes>> a("a");
  hls::stream<qfx::vector<Second, c::input_lanes>> b("b");
  hls::stream<qfx::vector<Third, c::input_lanes>> d("d");
  hls::stream<qfx::vector<typename c::output_t, c::output_lanes>> out("out");
  const tensor x = random_tensor(first, c::values), y = random_tensor(second, c::values),
               z = random_tensor(third, c::values);
  tensor two, three;
  for (int k = 0; k < c::values; ++k) {
    const wide sum = align(x[k], first, exact) + align(y[k], second, exact);
    two.push_back(reference_cast(sum, exact.binary_point, output));
    three.push_back(reference_cast(sum + align(z[k], third, exact), exact.binary_point, output));
  }
  send(x, a);
  send(y, b);
  qfx::add<c>(out, a, b);
  expect_values(name, out, two);
  send(x, a);
  send(y, b);
  send(z, d);
  qfx::add<c>(out, a, b, d);
  expect_values(name, out, three);
  expect_consumed(name, a);
  expect_consumed(name, b);
  expect_consumed(name, d);
}

/** Subtract, multiply, maximum and minimum: one exact type holds the results of all of them, and the operands. */
template <class Exact, class Output, int INPUT_LANES, int OUTPUT_LANES>
struct pair_config : values_config<Exact, Output, 24, INPUT_LANES, OUTPUT_LANES> {
  using operand_t = Exact;
};

template <class First, class Second, class c>
void run_pairs(const char* name) {
  const format first = format_of<First>::value(), second = format_of<Second>::value();
  const format exact = format_of<typename c::exact_t>::value(), output = format_of<typename c::output_t>::value();
  hls::stream<qfx::vector<First, c::input_lanes>> a("a");
  hls::stream<qfx::vector<Second, c::input_lanes>> b("b");
  hls::stream<qfx::vector<typename c::output_t, c::output_lanes>> out("out");
  const tensor x = random_tensor(first, c::values), y = random_tensor(second, c::values);
  tensor expected[4];
  for (int k = 0; k < c::values; ++k) {
    const wide u = align(x[k], first, exact), v = align(y[k], second, exact);
    const wide product = x[k] * y[k] * (wide(1) << (exact.binary_point - first.binary_point - second.binary_point));
    const wide results[4] = {u - v, product, std::max(u, v), std::min(u, v)};
    for (int layer = 0; layer < 4; ++layer)
      expected[layer].push_back(reference_cast(results[layer], exact.binary_point, output));
  }
  for (int layer = 0; layer < 4; ++layer) {
    send(x, a);
    send(y, b);
    if (layer == 0) qfx::subtract<c>(out, a, b);
    if (layer == 1) qfx::multiply<c>(out, a, b);
    if (layer == 2) qfx::maximum<c>(out, a, b);
    if (layer == 3) qfx::minimum<c>(out, a, b);
    expect_values(name, out, expected[layer]);
    expect_consumed(name, a);
    expect_consumed(name, b);
  }
}

template <class Input, class Exact, class Output, int VALUES, int INPUT_LANES, int OUTPUT_LANES>
struct relu_config : values_config<Exact, Output, VALUES, INPUT_LANES, OUTPUT_LANES> {
  using input_t = Input;
  using maximum_t = ap_ufixed<5, 3>;
  static constexpr long long maximum = 11;
};

template <class c>
void run_relu(const char* name) {
  const format input = format_of<typename c::input_t>::value(), exact = format_of<typename c::exact_t>::value();
  const format output = format_of<typename c::output_t>::value();
  hls::stream<qfx::vector<typename c::input_t, c::input_lanes>> in("in");
  hls::stream<qfx::vector<typename c::output_t, c::output_lanes>> out("out");
  const tensor image = random_tensor(input, c::values);
  const wide highest = align(c::maximum, format_of<typename c::maximum_t>::value(), exact);
  tensor plain, clipped;
  for (wide x : image) {
    const wide positive = align(std::max(x, wide(0)), input, exact);
    plain.push_back(reference_cast(positive, exact.binary_point, output));
    clipped.push_back(reference_cast(std::min(positive, highest), exact.binary_point, output));
  }
  send(image, in);
  qfx::relu<c>(in, out);
  expect_consumed(name, in);
  expect_values(name, out, plain);
  send(image, in);
  qfx::clipped_relu<c>(in, out);
  expect_consumed(name, in);
  expect_values(name, out, clipped);
}

/** Slopes of raw integers 11 (leaky), 2^-3 (shifted) and, by channel, -16 to 15 at binary points 4 and, shifted, 1. */
template <class Input, class Exact, class Output, int INPUT_LANES, int OUTPUT_LANES>
struct slope_config : values_config<Exact, Output, 48, INPUT_LANES, OUTPUT_LANES> {
  using input_t = Input;
  using alpha_t = ap_fixed<5, 1>;
  static constexpr long long alpha = 11;
  static constexpr int alpha_shift = 3;
  static constexpr int channels = 12, positions = 4;
};

template <class c>
void run_slopes(const char* name) {
  const format input = format_of<typename c::input_t>::value(), exact = format_of<typename c::exact_t>::value();
  const format output = format_of<typename c::output_t>::value();
  hls::stream<qfx::vector<typename c::input_t, c::input_lanes>> in("in");
  hls::stream<qfx::vector<typename c::output_t, c::output_lanes>> out("out");
  const tensor image = random_tensor(input, c::values);
  const qfx::table_t<typename c::alpha_t> alpha[c::channels] = {-16, 15, 0, 1, -1, 8, 4, -8, 7, 3, -5, 11};
  const unsigned char alpha_shift[c::channels] = {0, 3, 0, 3, 0, 3, 0, 3, 0, 3, 0, 3};
  tensor expected[4];
  for (int k = 0; k < c::values; ++k) {
    const wide x = image[k], slope = alpha[k % c::channels];
    const wide shifted = slope * (wide(1) << alpha_shift[k % c::channels]);
    const wide slopes[4] = {c::alpha, 2, slope, shifted};  // units of 2^-4
    for (int layer = 0; layer < 4; ++layer) {
      const wide result = x * (x < 0 ? slopes[layer] : wide(16)) * (wide(1) << (exact.binary_point - input.binary_point - 4));
      expected[layer].push_back(reference_cast(result, exact.binary_point, output));
    }
  }
  for (int layer = 0; layer < 4; ++layer) {
    send(image, in);
    if (layer == 0) qfx::leaky_relu<c>(in, out);
    if (layer == 1) qfx::shifting_leaky_relu<c>(in, out);
    if (layer == 2) qfx::prelu<c>(in, out, alpha);
    if (layer == 3) qfx::prelu<c>(in, out, alpha, alpha_shift);
    expect_consumed(name, in);
    expect_values(name, out, expected[layer]);
  }
}

template <class Input, class Output, int INPUT_LANES, int OUTPUT_LANES>
struct cast_config : values_config<Input, Output, 48, INPUT_LANES, OUTPUT_LANES> {
  using input_t = Input;
};

template <class c>
void run_casts(const char* name) {
  const format input = format_of<typename c::input_t>::value(), output = format_of<typename c::output_t>::value();
  hls::stream<qfx::vector<typename c::input_t, c::input_lanes>> in("in");
  hls::stream<qfx::vector<typename c::output_t, c::output_lanes>> out("out");
  const tensor image = random_tensor(input, c::values);
  tensor expected;
  for (wide x : image) expected.push_back(reference_cast(x, input.binary_point, output));
  for (int layer = 0; layer < 3; ++layer) {
    send(image, in);
    if (layer == 0) qfx::requantize<c>(in, out);
    if (layer == 1) qfx::flatten<c>(in, out);
    if (layer == 2) qfx::reshape<c>(in, out);
    expect_consumed(name, in);
    expect_values(name, out, expected);
  }
}

template <class Output, int OUTPUT_LANES>
struct join_config {
  using exact_t = ap_fixed<12, 7>;
  using output_t = Output;
  static constexpr int positions = 5, output_channels = 18, output_lanes = OUTPUT_LANES;
};

template <class c, int FIRST_LANES, int SECOND_LANES, int THIRD_LANES>
void run_concatenate(const char* name) {
  using first_t = ap_fixed<6, 3>;
  using second_t = ap_ufixed<8, 3>;
  using third_t = ap_fixed<4, 7>;
  const format exact = format_of<typename c::exact_t>::value(), output = format_of<typename c::output_t>::value();
  hls::stream<qfx::vector<first_t, FIRST_LANES>> a("a");
  hls::stream<qfx::vector<second_t, SECOND_LANES>> b("b");
  hls::stream<qfx::vector<third_t, THIRD_LANES>> d("d");
  hls::stream<qfx::vector<typename c::output_t, c::output_lanes>> out("out");
  const format formats[3] = {format_of<first_t>::value(), format_of<second_t>::value(), format_of<third_t>::value()};
  const int channels[3] = {4, 8, 6};
  tensor inputs[3], expected;
  for (int k = 0; k < 3; ++k) inputs[k] = random_tensor(formats[k], c::positions * channels[k]);
  for (int p = 0; p < c::positions; ++p)
    for (int k = 0; k < 3; ++k)
      for (int channel = 0; channel < channels[k]; ++channel) {
        const wide value = align(inputs[k][p * channels[k] + channel], formats[k], exact);
        expected.push_back(reference_cast(value, exact.binary_point, output));
      }
  send(inputs[0], a);
  send(inputs[1], b);
  send(inputs[2], d);
  qfx::concatenate<c, 4, 8, 6>(out, a, b, d);
  expect_consumed(name, a);
  expect_consumed(name, b);
  expect_consumed(name, d);
  expect_values(name, out, expected);
}

template <class Input, class Output, int POSITIONS, int CHANNELS, int INPUT_LANES, int OUTPUT_LANES>
struct argmax_config {
  using input_t = Input;
  using exact_t = ap_ufixed<5, 5>;
  using output_t = Output;
  static constexpr int positions = POSITIONS, channels = CHANNELS, input_lanes = INPUT_LANES,
                       output_lanes = OUTPUT_LANES;
};

template <class c>
void run_argmax(const char* name) {
  hls::stream<qfx::vector<typename c::input_t, c::input_lanes>> in("in");
  hls::stream<qfx::vector<typename c::output_t, c::output_lanes>> out("out");
  const tensor image = random_tensor(format_of<typename c::input_t>::value(), c::positions * c::channels);
  tensor expected;
  for (int p = 0; p < c::positions; ++p) {
    const auto begin = image.begin() + p * c::channels;
    const wide index = std::max_element(begin, begin + c::channels) - begin;  // the first of equals
    expected.push_back(reference_cast(index, 0, format_of<typename c::output_t>::value()));
  }
  send(image, in);
  qfx::argmax<c>(in, out);
  expect_consumed(name, in);
  expect_values(name, out, expected);
}

void run_fork_and_lanes() {
  using value_t = ap_fixed<7, 2>;
  hls::stream<qfx::vector<value_t, 4>> in("in"), first("first"), second("second"), third("third");
  hls::stream<qfx::vector<value_t, 6>> six("six");
  hls::stream<qfx::vector<value_t, 1>> one("one");
  const tensor image = random_tensor(format_of<value_t>::value(), 48);
  send(image, in);
  qfx::fork<12>(in, first, second, third);
  expect_consumed("fork", in);
  expect_values("fork", second, image);
  qfx::change_lanes<48>(first, six);
  expect_values("change_lanes 4 to 6", six, image);
  qfx::change_lanes<48>(third, one);
  qfx::change_lanes<48>(one, six);
  expect_consumed("change_lanes", one);
  expect_values("change_lanes 4 to 1 to 6", six, image);
}

template <class Value, int VALUES, int LANES, int WORD_BITS, int SLOT_BITS>
struct axis_config {
  using value_t = Value;
  static constexpr int values = VALUES, lanes = LANES, word_bits = WORD_BITS, slot_bits = SLOT_BITS;
};

template <class c>
void run_axis(const char* name) {
  const format type = format_of<typename c::value_t>::value();
  constexpr int slots = c::word_bits / c::slot_bits;
  hls::stream<qfx::axis_word<c::word_bits>> in("in"), out("out");
  hls::stream<qfx::vector<typename c::value_t, c::lanes>> values("values");
  const tensor image = random_tensor(type, c::values);
  const int words = (c::values + slots - 1) / slots;
  for (int w = 0; w < words; ++w) {
    qfx::axis_word<c::word_bits> word;
    word.data = 0;
    word.keep = -1;
    word.strb = -1;
    word.last = w == words - 1;
    for (int slot = 0; slot < slots && w * slots + slot < c::values; ++slot) {
      const ap_uint<c::slot_bits> bits = static_cast<long long>(image[w * slots + slot]);
      word.data.range((slot + 1) * c::slot_bits - 1, slot * c::slot_bits) = bits;
    }
    in.write(word);
  }
  hls::stream<qfx::vector<typename c::value_t, c::lanes>> copy("copy");
  qfx::read_axis<c>(in, values);
  expect_consumed(name, in);
  send(image, copy);
  expect_values(name, values, image);
  qfx::write_axis<c>(copy, out);
  expect_consumed(name, copy);
  for (int w = 0; w < words && !out.empty(); ++w) {
    const qfx::axis_word<c::word_bits> word = out.read();
    for (int slot = 0; slot < slots; ++slot) {
      const wide value = w * slots + slot < c::values ? image[w * slots + slot] : wide(0);
      const ap_uint<c::slot_bits> wanted = static_cast<long long>(value);
      const ap_uint<c::slot_bits> actual = word.data.range((slot + 1) * c::slot_bits - 1, slot * c::slot_bits);
      ++total().values;
      if (wanted != actual) std::printf("%s: word %d, slot %d differs\n", name, w, slot), ++total().mismatches;
    }
    const ap_uint<c::word_bits / 8> all = -1;
    if (word.keep != all || word.strb != all || word.last != ap_uint<1>(w == words - 1)) {
      std::printf("%s: TKEEP, TSTRB or TLAST of word %d\n", name, w), ++total().mismatches;
    }
  }
  expect_consumed(name, out);
}

int main() {
  run_add<ap_fixed<6, 3>, ap_ufixed<8, 3>, ap_fixed<4, 7>,
          values_config<ap_fixed<14, 9>, ap_fixed<6, 4, AP_RND, AP_SAT>, 24, 4, 4>>("add");
  run_add<ap_ufixed<6, 3>, ap_ufixed<8, 3>, ap_ufixed<8, 4>,
          values_config<ap_ufixed<11, 6>, ap_ufixed<6, 2, AP_TRN, AP_WRAP>, 24, 6, 4>>("add, other lanes");
  run_add<ap_fixed<60, 30>, ap_fixed<33, 32>, ap_fixed<8, 8>,
          values_config<ap_fixed<64, 34>, ap_fixed<40, 20, AP_RND_CONV, AP_SAT_SYM>, 24, 1, 3>>("add, long words");
  run_pairs<ap_fixed<6, 3>, ap_fixed<8, 3>, pair_config<ap_fixed<14, 6>, ap_fixed<6, 4, AP_RND, AP_SAT>, 4, 4>>("pairs");
  run_pairs<ap_ufixed<6, 3>, ap_fixed<4, 7>, pair_config<ap_fixed<13, 10>, ap_fixed<9, 8, AP_TRN, AP_WRAP>, 6, 4>>(
      "pairs, one of them signed, other lanes");
  run_pairs<ap_fixed<36, 30>, ap_ufixed<20, 12>,
            pair_config<ap_fixed<57, 43>, ap_fixed<40, 30, AP_RND_CONV, AP_SAT_SYM>, 1, 3>>("pairs, long words");
  run_relu<relu_config<ap_fixed<8, 4>, ap_ufixed<7, 3>, ap_ufixed<4, 2, AP_RND, AP_SAT>, 48, 4, 4>>("relu");
  run_relu<relu_config<ap_fixed<8, 4>, ap_ufixed<7, 3>, ap_fixed<5, 3, AP_RND_CONV, AP_SAT>, 48, 6, 8>>(
      "relu, other lanes");
  run_relu<relu_config<ap_ufixed<7, 6>, ap_ufixed<8, 6>, ap_ufixed<3, 3>, 48, 1, 2>>("relu of positive values");
  run_slopes<slope_config<ap_fixed<8, 4>, ap_fixed<16, 8>, ap_fixed<5, 3, AP_RND, AP_SAT>, 4, 4>>("slopes");
  run_slopes<slope_config<ap_fixed<6, 9>, ap_fixed<18, 17>, ap_fixed<9, 8, AP_RND_CONV, AP_WRAP>, 3, 2>>("slopes, other lanes");
  run_slopes<slope_config<ap_fixed<1, 1>, ap_fixed<8, 4>, ap_fixed<8, 4>, 1, 4>>("slopes of one bit");
  run_casts<cast_config<ap_fixed<12, 4>, ap_fixed<6, 2, AP_RND, AP_SAT_SYM>, 4, 8>>("casts");
  run_casts<cast_config<ap_fixed<3, 0>, ap_fixed<6, 20, AP_RND, AP_SAT>, 3, 3>>("casts, far apart");
  run_casts<cast_config<ap_fixed<4, 4>, ap_fixed<4, 4, AP_TRN, AP_SAT_SYM>, 1, 2>>("casts, symmetric");
  run_concatenate<join_config<ap_fixed<12, 7>, 9>, 4, 2, 3>("concatenate");
  run_concatenate<join_config<ap_fixed<6, 4, AP_RND, AP_SAT>, 2>, 2, 8, 6>("concatenate, other lanes");
  run_argmax<argmax_config<ap_fixed<6, 3>, ap_ufixed<5, 5>, 1, 20, 5, 1>>("argmax");
  run_argmax<argmax_config<ap_fixed<2, 1>, ap_ufixed<5, 5>, 12, 12, 4, 3>>("argmax with ties");
  run_argmax<argmax_config<ap_ufixed<3, 1>, ap_fixed<3, 3, AP_TRN, AP_SAT>, 8, 20, 1, 4>>("argmax, cast");
  run_fork_and_lanes();
  run_axis<axis_config<ap_ufixed<8, 0>, 21, 3, 32, 8>>("bytes in 32 bits");
  run_axis<axis_config<ap_fixed<11, 4>, 10, 2, 64, 16>>("shorts in 64 bits");
  run_axis<axis_config<ap_fixed<64, 4>, 4, 1, 64, 64>>("one value a word");
  run_axis<axis_config<ap_fixed<5, 4>, 40, 8, 128, 8>>("bytes in 128 bits");
  return finish();
}
