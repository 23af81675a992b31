// Zero padding and up-sampling against plain loops over 128-bit integers, two images through each layer.
#include "harness.h"
#include "qfx/up_sampling2d.h"
#include "qfx/zero_padding2d.h"

using namespace harness;

struct kept {
  using input_t = ap_ufixed<4, 2>;
  using output_t = ap_ufixed<4, 2>;
};
struct narrowed {
  using input_t = ap_fixed<9, 4>;
  using output_t = ap_fixed<5, 3, AP_RND_CONV, AP_SAT_SYM>;
};

template <class Types, int HEIGHT, int WIDTH, int CHANNELS, int INPUT_LANES, int OUTPUT_LANES, int TOP, int BOTTOM,
          int LEFT, int RIGHT, int TALL, int WIDE>
struct layer : Types {
  static constexpr int input_height = HEIGHT, input_width = WIDTH, channels = CHANNELS;
  static constexpr int input_lanes = INPUT_LANES, output_lanes = OUTPUT_LANES;
  static constexpr int padding_top = TOP, padding_bottom = BOTTOM, padding_left = LEFT, padding_right = RIGHT;
  static constexpr int size_height = TALL, size_width = WIDE;
};

/** The pixel of an image, cast; zeros outside. */
template <class c>
void push_pixel(tensor& values, const tensor& image, int row, int column) {
  const format input = format_of<typename c::input_t>::value(), output = format_of<typename c::output_t>::value();
  const bool inside = row >= 0 && row < c::input_height && column >= 0 && column < c::input_width;
  for (int channel = 0; channel < c::channels; ++channel) {
    const wide value = inside ? image[(row * c::input_width + column) * c::channels + channel] : wide(0);
    values.push_back(reference_cast(value, input.binary_point, output));
  }
}

template <class c>
void run(const char* name) {
  hls::stream<qfx::vector<typename c::input_t, c::input_lanes>> in("in");
  hls::stream<qfx::vector<typename c::output_t, c::output_lanes>> out("out");
  for (int image_number = 0; image_number < 2; ++image_number) {
    const tensor image =
        random_tensor(format_of<typename c::input_t>::value(), c::input_height * c::input_width * c::channels);
    tensor padded, enlarged;
    for (int row = 0; row < c::padding_top + c::input_height + c::padding_bottom; ++row)
      for (int column = 0; column < c::padding_left + c::input_width + c::padding_right; ++column)
        push_pixel<c>(padded, image, row - c::padding_top, column - c::padding_left);
    for (int row = 0; row < c::input_height * c::size_height; ++row)
      for (int column = 0; column < c::input_width * c::size_width; ++column)
        push_pixel<c>(enlarged, image, row / c::size_height, column / c::size_width);
    send(image, in);
    qfx::zero_padding2d<c>(in, out);
    expect_consumed(name, in);
    expect_values(name, out, padded);
    send(image, in);
    qfx::up_sampling2d<c>(in, out);
    expect_consumed(name, in);
    expect_values(name, out, enlarged);
  }
}

int main() {
  //                    height, width, channels, lanes, padding, size
  run<layer<kept, 3, 4, 4, 4, 4, 1, 1, 1, 1, 2, 2>>("all around, twice");
  run<layer<narrowed, 3, 2, 6, 2, 3, 2, 0, 0, 3, 3, 1>>("top and right, rows three times, other lanes");
  run<layer<narrowed, 1, 1, 4, 1, 2, 0, 2, 1, 0, 1, 4>>("one pixel, columns four times");
  run<layer<kept, 2, 3, 3, 3, 1, 0, 0, 0, 0, 1, 1>>("nothing to add");
  return finish();
}
