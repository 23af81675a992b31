// conv2d against plain nested loops over 128-bit integers, two images through each layer.
#include "harness.h"
#include "qfx/conv2d.h"
#include "qfx/testbench/loops.h"

using namespace harness;

struct size_2d {
  int height, width;
};

/** Weight shifts of a layer's channels are below `shifts`. */
struct shifted {
  static constexpr int shifts = 3;
};

// Types: small unsigned inputs; signed inputs with an odd word; a negative binary point; a sum of more than 32 bits.
struct narrow : shifted {
  using input_t = ap_ufixed<8, 0>;
  using weight_t = ap_fixed<6, 1>;
  using bias_t = ap_fixed<9, 3>;
  using exact_t = ap_fixed<29, 16>;
  using output_t = ap_fixed<8, 4, AP_RND, AP_SAT>;
};
struct odd : shifted {
  using input_t = ap_fixed<5, 7>;
  using weight_t = ap_fixed<3, -2>;
  using bias_t = ap_fixed<12, 4>;
  using exact_t = ap_fixed<31, 23>;
  using output_t = ap_fixed<9, 7, AP_RND_CONV, AP_WRAP>;
};
struct long_words : shifted {
  using input_t = ap_fixed<24, 12>;
  using weight_t = ap_fixed<18, 3>;
  using bias_t = ap_fixed<30, 10>;
  using exact_t = ap_fixed<60, 33>;
  using output_t = ap_ufixed<33, 20, AP_RND_MIN_INF, AP_SAT_ZERO>;
};
struct sixteen_bits : shifted {
  using input_t = ap_ufixed<16, 8>;
  using weight_t = ap_ufixed<7, 3>;
  using bias_t = ap_ufixed<9, 5>;
  using exact_t = ap_ufixed<32, 20>;
  using output_t = ap_ufixed<16, 9, AP_RND_INF, AP_SAT>;
};
struct sixty_four_bits {
  using input_t = ap_ufixed<32, 20>;
  using weight_t = ap_ufixed<28, 4>;
  using bias_t = ap_ufixed<30, 10>;
  using exact_t = ap_ufixed<64, 28>;
  using output_t = ap_ufixed<60, 26, AP_RND, AP_WRAP>;
  static constexpr int shifts = 1;  // none: the sum of nine products fills its word
};
struct positive : shifted {
  using input_t = ap_ufixed<3, 1>;
  using weight_t = ap_ufixed<2, 4>;
  using bias_t = ap_ufixed<4, 4>;
  using exact_t = ap_ufixed<20, 18>;
  using output_t = ap_fixed<7, 7, AP_TRN_ZERO, AP_SAT_SYM>;
};

template <class Types, int HEIGHT, int WIDTH, int INPUTS, int OUTPUTS, int KERNEL_HEIGHT, int KERNEL_WIDTH,
          int INPUT_LANES, int OUTPUT_LANES, int GROUPS = 1, int STRIDE_HEIGHT = 1, int STRIDE_WIDTH = 1,
          int DILATION_HEIGHT = 1, int DILATION_WIDTH = 1, int TOP = 0, int BOTTOM = 0, int LEFT = 0, int RIGHT = 0>
struct layer : Types {
  static constexpr int input_height = HEIGHT, input_width = WIDTH, input_channels = INPUTS;
  static constexpr int kernel_height = KERNEL_HEIGHT, kernel_width = KERNEL_WIDTH;
  static constexpr int stride_height = STRIDE_HEIGHT, stride_width = STRIDE_WIDTH;
  static constexpr int dilation_height = DILATION_HEIGHT, dilation_width = DILATION_WIDTH;
  static constexpr int padding_top = TOP, padding_bottom = BOTTOM, padding_left = LEFT, padding_right = RIGHT;
  static constexpr int output_height =
      (HEIGHT + TOP + BOTTOM - (KERNEL_HEIGHT - 1) * DILATION_HEIGHT - 1) / STRIDE_HEIGHT + 1;
  static constexpr int output_width =
      (WIDTH + LEFT + RIGHT - (KERNEL_WIDTH - 1) * DILATION_WIDTH - 1) / STRIDE_WIDTH + 1;
  static constexpr int output_channels = OUTPUTS, groups = GROUPS;
  static constexpr int input_lanes = INPUT_LANES, output_lanes = OUTPUT_LANES;
};

template <class Config>
void run(const char* name) {
  using c = Config;
  using table = qfx::conv2d_table<c>;
  constexpr int group_inputs = c::input_channels / c::groups, group_outputs = c::output_channels / c::groups;
  const format input = format_of<typename c::input_t>::value(), weight = format_of<typename c::weight_t>::value();
  const format bias = format_of<typename c::bias_t>::value(), exact = format_of<typename c::exact_t>::value();
  const format output = format_of<typename c::output_t>::value();

  static qfx::table_t<typename c::weight_t> weights[table::steps][table::lanes];
  static qfx::table_t<typename c::bias_t> biases[c::output_channels];
  static unsigned char shifts[c::output_channels];
  for (int o = 0; o < c::output_channels; ++o) {
    biases[o] = static_cast<long long>(random_raw(bias));
    shifts[o] = static_cast<unsigned char>(random_bits() % c::shifts);
  }

  hls::stream<qfx::vector<typename c::input_t, c::input_lanes>> in("in");
  hls::stream<qfx::vector<typename c::output_t, c::output_lanes>> out("out");
  // Each variant by sums in another order, by the hardware's loops, and back: nothing survives a call.
  for (int call = 0; call < 12; ++call) {
    const int variant = call % 4;
    qfx::testbench::choose_loops(call / 4 == 1);
    const tensor kernel = random_tensor(weight, c::kernel_height * c::kernel_width * group_inputs * c::output_channels);
    const auto kernel_at = [&](int ky, int kx, int i, int o) {
      return kernel[((ky * c::kernel_width + kx) * group_inputs + i) * c::output_channels + o];
    };
    for (int g = 0; g < c::output_channels / c::output_lanes; ++g)
      for (int ky = 0; ky < c::kernel_height; ++ky)
        for (int kx = 0; kx < c::kernel_width; ++kx)
          for (int s = 0; s < table::input_steps; ++s)
            for (int i = 0; i < table::multiply_lanes; ++i)
              for (int o = 0; o < c::output_lanes; ++o)
                weights[((g * c::kernel_height + ky) * c::kernel_width + kx) * table::input_steps +
                        s][i * c::output_lanes + o] =
                    static_cast<long long>(kernel_at(ky, kx, s * table::multiply_lanes + i, g * c::output_lanes + o));
    const bool with_bias = variant & 1, with_shift = variant & 2;
    const tensor image = random_tensor(input, c::input_height * c::input_width * c::input_channels);
    tensor expected;
    for (int y = 0; y < c::output_height; ++y)
      for (int x = 0; x < c::output_width; ++x)
        for (int o = 0; o < c::output_channels; ++o) {
          wide sum = 0;
          for (int ky = 0; ky < c::kernel_height; ++ky)
            for (int kx = 0; kx < c::kernel_width; ++kx)
              for (int i = 0; i < group_inputs; ++i) {
                const int row = y * c::stride_height + ky * c::dilation_height - c::padding_top;
                const int column = x * c::stride_width + kx * c::dilation_width - c::padding_left;
                if (row < 0 || row >= c::input_height || column < 0 || column >= c::input_width) continue;
                sum +=
                    image[(row * c::input_width + column) * c::input_channels + o / group_outputs * group_inputs + i] *
                    kernel_at(ky, kx, i, o);
              }
          sum *=
              wide(1) << (exact.binary_point - input.binary_point - weight.binary_point + (with_shift ? shifts[o] : 0));
          if (with_bias) sum += wide(biases[o]) * (wide(1) << (exact.binary_point - bias.binary_point));
          if (sum < minimum(exact) || sum > maximum(exact))
            std::printf("%s: the test's exact type is too narrow\n", name), ++total().mismatches;
          expected.push_back(reference_cast(sum, exact.binary_point, output));
        }
    send(image, in);
    switch (variant) {
      case 0:
        qfx::conv2d<c>(in, out, weights);
        break;
      case 1:
        qfx::conv2d<c>(in, out, weights, biases);
        break;
      case 2:
        qfx::conv2d<c>(in, out, weights, qfx::none(), shifts);
        break;
      case 3:
        qfx::conv2d<c>(in, out, weights, biases, shifts);
        break;
    }
    expect_consumed(name, in);
    expect_values(name, out, expected);
  }
}

int main() {
  //                  height, width, in, out, kernel, lanes, groups, stride, dilation, padding
  run<layer<narrow, 6, 7, 4, 6, 3, 3, 4, 6, 1, 1, 1, 1, 1, 1, 1, 1, 1>>("same");
  run<layer<narrow, 6, 7, 4, 6, 3, 3, 2, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1>>("same, fewer lanes");
  run<layer<odd, 6, 7, 4, 6, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>>("same, one lane");
  run<layer<odd, 5, 9, 6, 4, 3, 2, 3, 2>>("valid, not square");
  run<layer<narrow, 9, 8, 3, 4, 3, 3, 1, 4, 1, 2, 2, 1, 1, 0, 1, 0, 1>>("stride 2, same");
  run<layer<narrow, 9, 8, 3, 4, 3, 3, 3, 2, 1, 2, 3, 1, 1, 1, 1, 1, 1>>("stride 2 x 3");
  run<layer<odd, 8, 11, 2, 3, 3, 3, 2, 3, 1, 1, 1, 2, 3, 2, 2, 3, 3>>("dilation 2 x 3, same");
  run<layer<odd, 8, 11, 2, 3, 3, 2, 1, 3, 1, 2, 1, 2, 3, 1, 2, 0, 3>>("dilation with stride");
  run<layer<positive, 5, 5, 4, 4, 1, 1, 2, 2>>("1 x 1 kernel");
  run<layer<positive, 7, 7, 4, 8, 1, 1, 4, 2, 1, 3, 2>>("1 x 1 kernel, strides beyond it");
  run<layer<positive, 8, 6, 4, 8, 1, 1, 2, 4, 1, 3, 4>>("1 x 1 kernel, rows that no window needs");
  run<layer<narrow, 1, 1, 8, 4, 3, 3, 4, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1>>("1 x 1 image");
  run<layer<narrow, 2, 3, 2, 2, 5, 4, 1, 2, 1, 1, 1, 1, 1, 3, 2, 2, 1>>("kernel larger than the image");
  run<layer<odd, 3, 3, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 4, 3, 3, 5>>("padding larger than the kernel");
  run<layer<long_words, 4, 4, 3, 4, 3, 3, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1>>("long words");
  run<layer<sixteen_bits, 4, 4, 2, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>>("words of 16 bits");
  run<layer<sixty_four_bits, 4, 4, 1, 2, 3, 3, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1>>("words of 64 bits");
  run<layer<narrow, 6, 5, 6, 4, 3, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1>>("groups");
  run<layer<odd, 6, 5, 6, 6, 3, 3, 2, 6, 3, 1, 1, 1, 1, 1, 1, 1, 1>>("groups, an output word of several");
  run<layer<odd, 6, 5, 6, 9, 3, 3, 6, 1, 3, 2, 2, 1, 1, 1, 1, 1, 1>>("groups, an input word of several");
  run<layer<narrow, 6, 5, 8, 8, 3, 3, 4, 4, 8, 1, 1, 1, 1, 1, 1, 1, 1>>("depthwise");
  run<layer<narrow, 6, 5, 8, 8, 3, 3, 8, 2, 8, 2, 2, 1, 1, 0, 1, 0, 1>>("depthwise, other lanes");
  run<layer<odd, 5, 6, 4, 12, 3, 3, 2, 6, 4, 1, 1, 2, 1, 2, 2, 1, 1>>("depthwise with a multiplier");
  return finish();
}
