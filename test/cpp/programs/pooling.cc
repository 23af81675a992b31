// Pooling against plain loops over 128-bit integers, two images through each layer.
#include <algorithm>
#include <set>

#include "harness.h"
#include "qfx/average_pooling2d.h"
#include "qfx/global_average_pooling2d.h"
#include "qfx/global_max_pooling2d.h"
#include "qfx/max_pooling2d.h"

using namespace harness;

struct positive {
  using input_t = ap_ufixed<4, 2>;
  using sum_t = ap_ufixed<9, 7>;
  using reciprocal_t = ap_ufixed<8, 0>;
  using exact_t = ap_ufixed<17, 7>;
  using output_t = ap_ufixed<4, 2, AP_RND, AP_SAT>;
};
struct negative {
  using input_t = ap_fixed<7, 9>;
  using sum_t = ap_fixed<14, 16>;
  using reciprocal_t = ap_ufixed<11, 1>;
  using exact_t = ap_fixed<25, 17>;
  using output_t = ap_fixed<9, 6, AP_RND_CONV, AP_SAT_SYM>;
};
struct long_words {
  using input_t = ap_fixed<40, 20>;
  using sum_t = ap_fixed<46, 26>;
  using reciprocal_t = ap_ufixed<18, 0>;
  using exact_t = ap_fixed<64, 26>;
  using output_t = ap_fixed<41, 21, AP_RND_INF, AP_WRAP>;
};

template <class Types, int HEIGHT, int WIDTH, int CHANNELS, int POOL_HEIGHT, int POOL_WIDTH, int STRIDE_HEIGHT,
          int STRIDE_WIDTH, int INPUT_LANES, int OUTPUT_LANES, int TOP = 0, int BOTTOM = 0, int LEFT = 0, int RIGHT = 0>
struct layer : Types {
  static constexpr int channels = CHANNELS, input_height = HEIGHT, input_width = WIDTH;
  static constexpr int pool_height = POOL_HEIGHT, pool_width = POOL_WIDTH;
  static constexpr int stride_height = STRIDE_HEIGHT, stride_width = STRIDE_WIDTH;
  static constexpr int padding_top = TOP, padding_bottom = BOTTOM, padding_left = LEFT, padding_right = RIGHT;
  static constexpr int output_height = (HEIGHT + TOP + BOTTOM - POOL_HEIGHT) / STRIDE_HEIGHT + 1;
  static constexpr int output_width = (WIDTH + LEFT + RIGHT - POOL_WIDTH) / STRIDE_WIDTH + 1;
  static constexpr int positions = HEIGHT * WIDTH;
  static constexpr int input_lanes = INPUT_LANES, output_lanes = OUTPUT_LANES;
};

/** The real values under the window of an output value. */
template <class c>
tensor taps(const tensor& image, int y, int x, int channel) {
  tensor values;
  for (int ky = 0; ky < c::pool_height; ++ky)
    for (int kx = 0; kx < c::pool_width; ++kx) {
      const int row = y * c::stride_height + ky - c::padding_top, column = x * c::stride_width + kx - c::padding_left;
      if (row < 0 || row >= c::input_height || column < 0 || column >= c::input_width) continue;
      values.push_back(image[(row * c::input_width + column) * c::channels + channel]);
    }
  return values;
}

wide sum_of(const tensor& values) {
  wide sum = 0;
  for (wide value : values) sum += value;
  return sum;
}

template <class c>
void run(const char* name) {
  const format input = format_of<typename c::input_t>::value(), output = format_of<typename c::output_t>::value();
  const format exact = format_of<typename c::exact_t>::value(),
               reciprocal = format_of<typename c::reciprocal_t>::value();
  const int left = exact.binary_point - input.binary_point - reciprocal.binary_point;

  // All numbers of real values that any window could have; the table may hold more than occur.
  constexpr int largest_count = c::pool_height * c::pool_width;
  static int counts[largest_count];
  static qfx::table_t<typename c::reciprocal_t> reciprocals[largest_count];
  for (int k = 0; k < largest_count; ++k) {
    counts[k] = k + 1;
    reciprocals[k] =
        static_cast<long long>(std::min(maximum(reciprocal), (wide(1) << reciprocal.binary_point) / (k + 1)));
  }
  static qfx::table_t<typename c::reciprocal_t> global_reciprocal[1];
  global_reciprocal[0] = static_cast<long long>((wide(1) << reciprocal.binary_point) / c::positions);

  hls::stream<qfx::vector<typename c::input_t, c::input_lanes>> in("in");
  hls::stream<qfx::vector<typename c::output_t, c::output_lanes>> out("out");
  for (int image_number = 0; image_number < 2; ++image_number) {
    const tensor image = random_tensor(input, c::input_height * c::input_width * c::channels);
    tensor largest, average, global_largest, global_average;
    for (int y = 0; y < c::output_height; ++y)
      for (int x = 0; x < c::output_width; ++x)
        for (int channel = 0; channel < c::channels; ++channel) {
          const tensor values = taps<c>(image, y, x, channel);
          largest.push_back(
              reference_cast(*std::max_element(values.begin(), values.end()), input.binary_point, output));
          const wide exact_average = sum_of(values) * reciprocals[values.size() - 1] * (wide(1) << left);
          average.push_back(reference_cast(exact_average, exact.binary_point, output));
        }
    for (int channel = 0; channel < c::channels; ++channel) {
      tensor values;
      for (int p = 0; p < c::positions; ++p) values.push_back(image[p * c::channels + channel]);
      global_largest.push_back(
          reference_cast(*std::max_element(values.begin(), values.end()), input.binary_point, output));
      const wide exact_average = sum_of(values) * global_reciprocal[0] * (wide(1) << left);
      global_average.push_back(reference_cast(exact_average, exact.binary_point, output));
    }
    send(image, in);
    qfx::max_pooling2d<c>(in, out);
    expect_consumed(name, in);
    expect_values(name, out, largest);
    send(image, in);
    qfx::average_pooling2d<c>(in, out, counts, reciprocals);
    expect_consumed(name, in);
    expect_values(name, out, average);
    send(image, in);
    qfx::global_max_pooling2d<c>(in, out);
    expect_consumed(name, in);
    expect_values(name, out, global_largest);
    send(image, in);
    qfx::global_average_pooling2d<c>(in, out, global_reciprocal);
    expect_consumed(name, in);
    expect_values(name, out, global_average);
  }
}

int main() {
  //                    height, width, channels, pool, stride, lanes, padding
  run<layer<positive, 6, 8, 4, 2, 2, 2, 2, 4, 4>>("2 x 2");
  run<layer<positive, 5, 7, 4, 2, 2, 2, 2, 2, 1, 0, 1, 0, 1>>("2 x 2, same");
  run<layer<negative, 5, 7, 6, 3, 3, 2, 2, 3, 2, 1, 1, 1, 1>>("3 x 3, stride 2, same");
  run<layer<negative, 7, 5, 6, 3, 2, 1, 1, 1, 6, 1, 1, 0, 1>>("3 x 2, stride 1, same");
  run<layer<negative, 7, 9, 2, 2, 3, 3, 4, 2, 2>>("strides beyond the pool");
  run<layer<positive, 1, 1, 4, 2, 2, 1, 1, 2, 4, 0, 1, 0, 1>>("1 x 1 image");
  run<layer<negative, 2, 2, 2, 4, 4, 1, 1, 2, 1, 1, 2, 1, 2>>("pool larger than the image");
  run<layer<long_words, 4, 4, 3, 2, 2, 2, 2, 1, 3>>("long words");
  return finish();
}
