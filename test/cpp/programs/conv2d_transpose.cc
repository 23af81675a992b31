// conv2d_transpose against plain loops that let every input pixel add to the result, two images through each layer.
#include "harness.h"
#include "qfx/conv2d_transpose.h"

using namespace harness;

template <class Types, int HEIGHT, int WIDTH, int INPUTS, int OUTPUTS, int KERNEL_HEIGHT, int KERNEL_WIDTH,
          int STRIDE_HEIGHT, int STRIDE_WIDTH, int OUTPUT_HEIGHT, int OUTPUT_WIDTH, int CROPPED_ROWS,
          int CROPPED_COLUMNS, int INPUT_LANES, int OUTPUT_LANES>
struct layer : Types {
  static constexpr int input_height = HEIGHT, input_width = WIDTH, input_channels = INPUTS;
  static constexpr int output_height = OUTPUT_HEIGHT, output_width = OUTPUT_WIDTH, output_channels = OUTPUTS;
  static constexpr int kernel_height = KERNEL_HEIGHT, kernel_width = KERNEL_WIDTH;
  static constexpr int stride_height = STRIDE_HEIGHT, stride_width = STRIDE_WIDTH;
  static constexpr int cropped_rows = CROPPED_ROWS, cropped_columns = CROPPED_COLUMNS;
  static constexpr int input_lanes = INPUT_LANES, output_lanes = OUTPUT_LANES;
};

struct narrow {
  using input_t = ap_ufixed<8, 0>;
  using weight_t = ap_fixed<6, 1>;
  using bias_t = ap_fixed<9, 3>;
  using exact_t = ap_fixed<29, 16>;
  using output_t = ap_fixed<8, 4, AP_RND, AP_SAT>;
};
struct odd {
  using input_t = ap_fixed<5, 7>;
  using weight_t = ap_fixed<3, -2>;
  using bias_t = ap_fixed<12, 4>;
  using exact_t = ap_fixed<31, 23>;
  using output_t = ap_fixed<9, 7, AP_RND_CONV, AP_WRAP>;
};

template <class Config>
void run(const char* name) {
  using c = Config;
  using position = qfx::transposed_window<c>;
  using table = qfx::conv2d_table<position>;
  const format input = format_of<typename c::input_t>::value(), weight = format_of<typename c::weight_t>::value();
  const format bias = format_of<typename c::bias_t>::value(), exact = format_of<typename c::exact_t>::value();
  const format output = format_of<typename c::output_t>::value();
  static qfx::table_t<typename c::weight_t> weights[position::phases * table::steps][table::lanes];
  static qfx::table_t<typename c::bias_t> biases[c::output_channels];
  static unsigned char shifts[c::output_channels];
  for (int o = 0; o < c::output_channels; ++o) {
    biases[o] = static_cast<long long>(random_raw(bias));
    shifts[o] = static_cast<unsigned char>(random_bits() % 3);
  }
  hls::stream<qfx::vector<typename c::input_t, c::input_lanes>> in("in");
  hls::stream<qfx::vector<typename c::output_t, c::output_lanes>> out("out");
  for (int image_number = 0; image_number < 2; ++image_number) {
    const tensor kernel =
        random_tensor(weight, c::kernel_height * c::kernel_width * c::input_channels * c::output_channels);
    const auto kernel_at = [&](int ky, int kx, int i, int o) -> wide {
      if (ky >= c::kernel_height || kx >= c::kernel_width) return 0;
      return kernel[((ky * c::kernel_width + kx) * c::input_channels + i) * c::output_channels + o];
    };
    int step = 0;
    for (int a = 0; a < c::stride_height; ++a)
      for (int b = 0; b < c::stride_width; ++b)
        for (int g = 0; g < c::output_channels; g += c::output_lanes)
          for (int ky = position::kernel_height - 1; ky >= 0; --ky)
            for (int kx = position::kernel_width - 1; kx >= 0; --kx)
              for (int s = 0; s < c::input_channels; s += c::input_lanes, ++step)
                for (int i = 0; i < c::input_lanes; ++i)
                  for (int o = 0; o < c::output_lanes; ++o)
                    weights[step][i * c::output_lanes + o] = static_cast<long long>(
                        kernel_at(a + ky * c::stride_height, b + kx * c::stride_width, s + i, g + o));
    const bool with_bias = image_number == 1;
    const tensor image = random_tensor(input, c::input_height * c::input_width * c::input_channels);
    tensor sums(c::output_height * c::output_width * c::output_channels, 0);
    for (int y = 0; y < c::input_height; ++y)
      for (int x = 0; x < c::input_width; ++x)
        for (int ky = 0; ky < c::kernel_height; ++ky)
          for (int kx = 0; kx < c::kernel_width; ++kx) {
            const int row = y * c::stride_height + ky - c::cropped_rows;
            const int column = x * c::stride_width + kx - c::cropped_columns;
            if (row < 0 || row >= c::output_height || column < 0 || column >= c::output_width) continue;
            for (int i = 0; i < c::input_channels; ++i)
              for (int o = 0; o < c::output_channels; ++o)
                sums[(row * c::output_width + column) * c::output_channels + o] +=
                    image[(y * c::input_width + x) * c::input_channels + i] * kernel_at(ky, kx, i, o);
          }
    tensor expected;
    for (int k = 0; k < int(sums.size()); ++k) {
      const int o = k % c::output_channels;
      wide sum = sums[k] * (wide(1) << (exact.binary_point - input.binary_point - weight.binary_point +
                                        (with_bias ? shifts[o] : 0)));
      if (with_bias) sum += wide(biases[o]) * (wide(1) << (exact.binary_point - bias.binary_point));
      if (sum < minimum(exact) || sum > maximum(exact))
        std::printf("%s: the test's exact type is too narrow\n", name), ++total().mismatches;
      expected.push_back(reference_cast(sum, exact.binary_point, output));
    }
    send(image, in);
    if (with_bias)
      qfx::conv2d_transpose<c>(in, out, weights, biases, shifts);
    else
      qfx::conv2d_transpose<c>(in, out, weights);
    expect_consumed(name, in);
    expect_values(name, out, expected);
  }
}

int main() {
  //                  height, width, in, out, kernel, stride, output, cropped, lanes
  run<layer<narrow, 3, 4, 4, 6, 4, 4, 2, 2, 6, 8, 1, 1, 2, 3>>("same, kernel of two strides");
  run<layer<narrow, 3, 4, 4, 6, 3, 3, 2, 2, 6, 8, 0, 0, 4, 6>>("same, kernel that strides don't divide");
  run<layer<odd, 4, 3, 3, 2, 3, 5, 2, 3, 9, 11, 0, 0, 1, 1>>("valid");
  run<layer<odd, 4, 3, 3, 2, 3, 3, 1, 1, 4, 3, 1, 1, 3, 2>>("stride 1, same");
  run<layer<odd, 3, 3, 2, 4, 1, 2, 3, 3, 9, 9, 0, 0, 2, 2>>("strides beyond the kernel");
  run<layer<narrow, 1, 1, 2, 2, 4, 4, 2, 2, 2, 2, 1, 1, 1, 2>>("1 x 1 image");
  run<layer<narrow, 4, 4, 2, 2, 5, 4, 2, 2, 3, 2, 4, 3, 2, 1>>("rows and columns that nothing needs");
  return finish();
}
