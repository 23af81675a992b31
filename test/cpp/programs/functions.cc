// table, softmax, sign, binary_conv2d and bit_plane_conv2d against plain loops.
#include <algorithm>

#include "harness.h"
#include "qfx/binary_conv2d.h"
#include "qfx/bit_plane_conv2d.h"
#include "qfx/sign.h"
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

template <class Input, class Exact, class Output, int INPUT_LANES, int OUTPUT_LANES>
struct sign_config {
  using input_t = Input;
  using exact_t = Exact;
  using output_t = Output;
  static constexpr int values = 48, input_lanes = INPUT_LANES, output_lanes = OUTPUT_LANES;
};

template <class c>
void run_sign(const char* name) {
  hls::stream<qfx::vector<typename c::input_t, c::input_lanes>> in("in");
  hls::stream<qfx::vector<typename c::output_t, c::output_lanes>> out("out");
  tensor image = random_tensor(format_of<typename c::input_t>::value(), c::values);
  image[0] = 0;
  tensor expected;
  for (wide x : image) expected.push_back(reference_cast(x < 0 ? -1 : 1, 0, format_of<typename c::output_t>::value()));
  send(image, in);
  qfx::sign<c>(in, out);
  expect_consumed(name, in);
  expect_values(name, out, expected);
}

struct window_5x4 {
  static constexpr int input_height = 5, input_width = 4, kernel_height = 3, kernel_width = 2;
  static constexpr int stride_height = 2, stride_width = 1, dilation_height = 1, dilation_width = 2;
  static constexpr int padding_top = 1, padding_bottom = 2, padding_left = 2, padding_right = 0;
  static constexpr int output_height = 3, output_width = 4;
};
struct one_pixel {
  static constexpr int input_height = 1, input_width = 1, kernel_height = 1, kernel_width = 1;
  static constexpr int stride_height = 1, stride_width = 1, dilation_height = 1, dilation_width = 1;
  static constexpr int padding_top = 0, padding_bottom = 0, padding_left = 0, padding_right = 0;
  static constexpr int output_height = 1, output_width = 1;
};
template <class Window, class Weight, int INPUTS, int OUTPUTS, int INPUT_LANES, int OUTPUT_LANES,
          class Input = ap_fixed<2, 2>>
struct binary_config : Window {
  using input_t = Input;
  using weight_t = Weight;
  using bias_t = ap_fixed<6, 4>;
  using exact_t = ap_fixed<20, 13>;
  using output_t = ap_fixed<9, 6, AP_RND, AP_SAT>;
  static constexpr int input_channels = INPUTS, output_channels = OUTPUTS, groups = 1;
  static constexpr int input_lanes = INPUT_LANES, output_lanes = OUTPUT_LANES;
};

tensor random_signs(int size) {
  tensor signs(size);
  for (wide& value : signs) value = random_bits() % 2 == 0 ? 1 : -1;
  return signs;
}

struct binary {
  template <class c>
  static tensor image() {
    return random_signs(c::input_height * c::input_width * c::input_channels);
  }
  template <class c, class... Arguments>
  static void call(Arguments&... arguments) {
    qfx::binary_conv2d<c>(arguments...);
  }
};
struct bit_planes {
  template <class c>
  static tensor image() {
    return random_tensor(format_of<typename c::input_t>::value(), c::input_height * c::input_width * c::input_channels);
  }
  template <class c, class... Arguments>
  static void call(Arguments&... arguments) {
    qfx::bit_plane_conv2d<c>(arguments...);
  }
};

/** Compares with plain loops; the images are two in a row, so that nothing may survive one. */
template <class c, class Form = binary>
void run_binary(const char* name) {
  using table = qfx::conv2d_table<c>;
  const format weight = format_of<typename c::weight_t>::value(), bias = format_of<typename c::bias_t>::value();
  const format exact = format_of<typename c::exact_t>::value();
  const int point = format_of<typename c::input_t>::value().binary_point + weight.binary_point;
  static qfx::table_t<ap_ufixed<c::input_lanes, c::input_lanes>> bits[table::steps][c::output_lanes];
  static qfx::table_t<typename c::bias_t> biases[c::output_channels];
  static unsigned char shifts[c::output_channels];
  hls::stream<qfx::vector<typename c::input_t, c::input_lanes>> in("in");
  hls::stream<qfx::vector<typename c::output_t, c::output_lanes>> out("out");
  const tensor kernel = random_signs(c::kernel_height * c::kernel_width * c::input_channels * c::output_channels);
  for (int o = 0; o < c::output_channels; ++o) {
    biases[o] = static_cast<long long>(random_raw(bias));
    shifts[o] = static_cast<unsigned char>(random_bits() % 3);
    for (int tap = 0; tap < c::kernel_height * c::kernel_width; ++tap)
      for (int i = 0; i < c::input_channels; ++i) {
        const int group = o / c::output_lanes;
        const int step = (group * c::kernel_height * c::kernel_width + tap) * table::input_steps + i / c::input_lanes;
        auto& word = bits[step][o % c::output_lanes];
        const unsigned long long bit = 1ULL << (i % c::input_lanes);
        const bool positive = kernel[(tap * c::input_channels + i) * c::output_channels + o] > 0;
        const unsigned long long old = static_cast<unsigned long long>(word);
        word = positive ? old | bit : old & ~bit;
      }
  }
  for (int variant = 0; variant < 2; ++variant) {
    const tensor image = Form::template image<c>();
    tensor expected;
    for (int y = 0; y < c::output_height; ++y)
      for (int x = 0; x < c::output_width; ++x)
        for (int o = 0; o < c::output_channels; ++o) {
          wide sum = 0;
          for (int ky = 0; ky < c::kernel_height; ++ky)
            for (int kx = 0; kx < c::kernel_width; ++kx)
              for (int i = 0; i < c::input_channels; ++i) {
                const int row = y * c::stride_height - c::padding_top + ky * c::dilation_height;
                const int column = x * c::stride_width - c::padding_left + kx * c::dilation_width;
                if (row < 0 || row >= c::input_height || column < 0 || column >= c::input_width) continue;
                sum += image[(row * c::input_width + column) * c::input_channels + i] *
                       kernel[((ky * c::kernel_width + kx) * c::input_channels + i) * c::output_channels + o];
              }
          sum *= wide(1) << (exact.binary_point - point + (variant == 0 ? 0 : shifts[o]));
          if (variant == 1) sum += wide(biases[o]) * (wide(1) << (exact.binary_point - bias.binary_point));
          expected.push_back(reference_cast(sum, exact.binary_point, format_of<typename c::output_t>::value()));
        }
    send(image, in);
    if (variant == 0)
      Form::template call<c>(in, out, bits);
    else
      Form::template call<c>(in, out, bits, biases, shifts);
    expect_consumed(name, in);
    expect_values(name, out, expected);
  }
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
  run_sign<sign_config<ap_fixed<6, 3>, ap_fixed<2, 2>, ap_fixed<2, 2>, 4, 4>>("sign");
  run_sign<sign_config<ap_ufixed<5, 3>, ap_ufixed<1, 1>, ap_fixed<4, 3, AP_RND, AP_SAT>, 6, 8>>("sign of no sign");
  run_sign<sign_config<ap_fixed<40, 60>, ap_fixed<2, 2>, ap_fixed<3, 1, AP_TRN, AP_SAT>, 1, 3>>("sign of long words");
  run_binary<binary_config<window_5x4, ap_fixed<2, 0>, 12, 6, 4, 3>>("binary convolution");
  run_binary<binary_config<window_5x4, ap_fixed<2, 2>, 64, 4, 64, 1>>("binary convolution of long words");
  run_binary<binary_config<window_5x4, ap_fixed<3, 4>, 3, 4, 1, 2>>("binary convolution, one lane");
  run_binary<binary_config<one_pixel, ap_fixed<2, -1>, 24, 10, 8, 5>>("binary dense");
  run_binary<binary_config<window_5x4, ap_fixed<2, 0>, 12, 6, 4, 3, ap_ufixed<2, 1>>, bit_planes>("two planes");
  run_binary<binary_config<window_5x4, ap_fixed<2, 1>, 64, 4, 64, 1, ap_ufixed<2, 2>>, bit_planes>("long planes");
  run_binary<binary_config<window_5x4, ap_fixed<2, 1>, 64, 4, 64, 2, ap_fixed<2, 0>>, bit_planes>("planes with a sign");
  run_binary<binary_config<window_5x4, ap_fixed<3, 4>, 3, 4, 1, 2, ap_ufixed<1, 0>>, bit_planes>("one plane");
  run_binary<binary_config<one_pixel, ap_fixed<2, -1>, 24, 10, 8, 5, ap_fixed<1, 1>>, bit_planes>("a plane of signs");
  return finish();
}
