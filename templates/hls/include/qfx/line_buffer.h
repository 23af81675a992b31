// The rows of an image that windows still need: shared by convolution and pooling.
#ifndef QFX_LINE_BUFFER_H
#define QFX_LINE_BUFFER_H

#include <hls_stream.h>

#include "vector.h"

namespace qfx {

/**
 * Keeps as many rows of the arriving image as a window spans, in a ring of rows.
 *
 * Geometry is a configuration of conv2d, or what pooling_window.h makes of one of pooling. Windows are visited in the
 * order of output pixels. `read_window` reads until the window's bottom right pixel, moved into the image, has arrived,
 * and no further: a layer never waits for a pixel that it does not need yet. `read_rest` reads what lies behind the last
 * window, so that the next image starts clean.
 */
template <class Geometry>
class line_buffer {
 public:
  using value_t = typename Geometry::input_t;
  using input_stream = hls::stream<vector<value_t, Geometry::input_lanes>>;
  static constexpr int height = Geometry::input_height;
  static constexpr int width = Geometry::input_width;
  static constexpr int channels = Geometry::input_channels;
  static constexpr int lanes = Geometry::input_lanes;
  static constexpr int rows = (Geometry::kernel_height - 1) * Geometry::dilation_height + 1;
  static constexpr int columns = (Geometry::kernel_width - 1) * Geometry::dilation_width + 1;
  static constexpr int spare_rows = height + Geometry::padding_top + Geometry::padding_bottom - rows;
  static constexpr int spare_columns = width + Geometry::padding_left + Geometry::padding_right - columns;
  static_assert(channels % lanes == 0, "input_lanes divides the input's channels");
  static_assert(spare_rows >= 0 && spare_columns >= 0, "the window fits into the padded image");
  static_assert(spare_rows / Geometry::stride_height + 1 == Geometry::output_height,
                "output_height follows from the rest");
  static_assert(spare_columns / Geometry::stride_width + 1 == Geometry::output_width,
                "output_width follows from the rest");

  /** Before the first window of an image. Input row r lives in row (r + padding_top) % rows of the ring. */
  void start_image() {
#pragma HLS INLINE
#pragma HLS ARRAY_RESHAPE variable = values_ cyclic factor = lanes dim = 3
    row_ = 0;
    column_ = 0;
    ring_row_ = Geometry::padding_top % rows;
  }

  void read_window(input_stream& input, int output_row, int output_column) {
#pragma HLS INLINE
    top_ = output_row * Geometry::stride_height - Geometry::padding_top;
    left_ = output_column * Geometry::stride_width - Geometry::padding_left;
    const int last_row = top_ + rows - 1 < height ? top_ + rows - 1 : height - 1;
    const int last_column = left_ + columns - 1 < width ? left_ + columns - 1 : width - 1;
    // A window whose bottom right corner lies above or left of the image needs no pixel.
    while (last_column >= 0 && (row_ < last_row || (row_ == last_row && column_ <= last_column))) read_pixel(input);
  }

  void read_rest(input_stream& input) {
#pragma HLS INLINE
    while (row_ < height) read_pixel(input);
  }

  /** True where a tap of the current window lies inside the image. */
  bool inside(int kernel_row, int kernel_column) const {
#pragma HLS INLINE
    const int row = top_ + kernel_row * Geometry::dilation_height;
    const int column = left_ + kernel_column * Geometry::dilation_width;
    return row >= 0 && row < height && column >= 0 && column < width;
  }

  /** The value at a tap that lies inside the image. */
  value_t at(int kernel_row, int kernel_column, int channel) const {
#pragma HLS INLINE
    const int row = top_ + Geometry::padding_top + kernel_row * Geometry::dilation_height;  // never negative
    return values_[row % rows][left_ + kernel_column * Geometry::dilation_width][channel];
  }

 private:
  void read_pixel(input_stream& input) {
#pragma HLS INLINE
    for (int channel = 0; channel < channels; channel += lanes) {
#pragma HLS PIPELINE II = 1
      const vector<value_t, lanes> word = input.read();
      for (int i = 0; i < lanes; ++i) {
#pragma HLS UNROLL
        values_[ring_row_][column_][channel + i] = word[i];
      }
    }
    if (++column_ == width) {
      column_ = 0;
      ++row_;
      ring_row_ = ring_row_ + 1 == rows ? 0 : ring_row_ + 1;
    }
  }

  value_t values_[rows][width][channels];
  int row_, column_, ring_row_;  // where the next pixel belongs
  int top_, left_;               // the current window's corner, in the image's coordinates
};

}  // namespace qfx

#endif
