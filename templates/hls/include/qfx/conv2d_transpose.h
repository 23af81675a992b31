// Two-dimensional transposed convolution, any stride: an image of more pixels. Every output pixel is a sum over the few taps
// that reach it, which repeat from stride to stride (a phase).
//
//   struct up1_config {
//     using input_t = ap_ufixed<4, 2>;
//     using weight_t = ap_fixed<6, 1>;  // weights, or a k_hot; with weight_shift: the finest binary point of all channels
//     using bias_t = ap_fixed<8, 2>;    // only read where a bias table is given
//     using exact_t = ap_fixed<16, 7>;  // holds the exact result and every partial sum
//     using output_t = ap_fixed<8, 4, AP_RND, AP_SAT>;
//     static constexpr int input_height = 8, input_width = 8, input_channels = 16;
//     static constexpr int output_height = 16, output_width = 16, output_channels = 8;
//     static constexpr int kernel_height = 4, kernel_width = 4;
//     static constexpr int stride_height = 2, stride_width = 2;
//     static constexpr int cropped_rows = 1, cropped_columns = 1;  // left out at the top and at the left
//     static constexpr int input_lanes = 4;                        // divides input_channels
//     static constexpr int output_lanes = 4;                       // divides output_channels
//   };
//   conv2d_transpose<up1_config>(input, output, weights);  // further arguments as in conv2d
//
// Table: the tables of conv2d (conv2d.h) for each phase (row in a stride, column in a stride), row by row, one below the
// other. The kernel of a phase has ceil(kernel_height / stride_height) x ceil(kernel_width / stride_width) taps:
//   kernel of phase (a, b) [ky][kx] = kernel[a + stride_height * (rows - 1 - ky)][b + stride_width * (columns - 1 - kx)]
// and 0 beyond the kernel.
//
// Cycles of an output pixel: the steps of a phase; an input word is read alongside where one is missing.
#ifndef QFX_CONV2D_TRANSPOSE_H
#define QFX_CONV2D_TRANSPOSE_H

#include <hls_stream.h>

#include "vector.h"
#include "weighted_window.h"

namespace qfx {

/** The window under which all phases of a position find their inputs, as a convolution over positions. */
template <class Config>
struct transposed_window : Config {
  static constexpr int phases = Config::stride_height * Config::stride_width;
  static constexpr int first_row = Config::cropped_rows / Config::stride_height;
  static constexpr int first_column = Config::cropped_columns / Config::stride_width;
  static constexpr int last_row = (Config::cropped_rows + Config::output_height - 1) / Config::stride_height;
  static constexpr int last_column = (Config::cropped_columns + Config::output_width - 1) / Config::stride_width;
  static constexpr int kernel_height = (Config::kernel_height + Config::stride_height - 1) / Config::stride_height;
  static constexpr int kernel_width = (Config::kernel_width + Config::stride_width - 1) / Config::stride_width;
  static constexpr int stride_height = 1, stride_width = 1, dilation_height = 1, dilation_width = 1, groups = 1;
  static constexpr int output_height = last_row - first_row + 1, output_width = last_column - first_column + 1;
  static constexpr int padding_top = kernel_height - 1 - first_row;
  static constexpr int padding_left = kernel_width - 1 - first_column;
  // Negative where the last rows or columns of the image are cropped.
  static constexpr int padding_bottom = last_row + 1 - Config::input_height;
  static constexpr int padding_right = last_column + 1 - Config::input_width;
};

template <class Config, class Bias = none, class Shift = none>
void conv2d_transpose(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                      hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                      const table_t<typename Config::weight_t> (
                          &weights)[transposed_window<Config>::phases * conv2d_table<transposed_window<Config>>::steps]
                                   [conv2d_table<transposed_window<Config>>::lanes],
                      const Bias& bias = Bias(), const Shift& weight_shift = Shift()) {
  using position = transposed_window<Config>;
#pragma HLS ARRAY_RESHAPE variable = weights complete dim = 2
  static_assert(position::padding_top >= 0 && position::padding_left >= 0, "less than the kernel is cropped");

  // Static: a memory, not registers (and in C simulation not on the stack). Nothing in it survives an image.
  static line_buffer<position> window;
  window.start_image();
  for (int row = Config::cropped_rows; row < Config::cropped_rows + Config::output_height; ++row) {
    for (int column = Config::cropped_columns; column < Config::cropped_columns + Config::output_width; ++column) {
      window.read_window(input, row / Config::stride_height - position::first_row,
                         column / Config::stride_width - position::first_column);
      const int phase = row % Config::stride_height * Config::stride_width + column % Config::stride_width;
      write_window_sums<position, multiplied_products<position>>(
          window, output, weights, phase * conv2d_table<position>::steps, bias, weight_shift);
    }
  }
  window.read_rest(input);
}

}  // namespace qfx

#endif
