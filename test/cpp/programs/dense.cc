// dense and batch_normalization against plain loops over 128-bit integers.
#include "harness.h"
#include "qfx/batch_normalization.h"
#include "qfx/dense.h"
#include "qfx/testbench/loops.h"

using namespace harness;

struct narrow {
  using input_t = ap_ufixed<6, 2>;
  using weight_t = ap_fixed<6, 1>;
  using bias_t = ap_fixed<8, 2>;
  using exact_t = ap_fixed<24, 13>;
  using output_t = ap_fixed<10, 6, AP_RND, AP_SAT>;
};
struct long_words {
  using input_t = ap_fixed<25, 3>;
  using weight_t = ap_fixed<17, 30>;
  using bias_t = ap_fixed<50, 40>;
  using exact_t = ap_fixed<61, 51>;
  using output_t = ap_fixed<40, 41, AP_RND_INF, AP_WRAP>;
};

template <class Types, int POSITIONS, int INPUTS, int OUTPUTS, int INPUT_LANES, int OUTPUT_LANES>
struct dense_layer : Types {
  static constexpr int positions = POSITIONS, input_channels = INPUTS, output_channels = OUTPUTS;
  static constexpr int input_lanes = INPUT_LANES, output_lanes = OUTPUT_LANES;
};

template <class c>
void run_dense(const char* name) {
  using table = qfx::dense_table<c>;
  const format input = format_of<typename c::input_t>::value(), weight = format_of<typename c::weight_t>::value();
  const format bias = format_of<typename c::bias_t>::value(), exact = format_of<typename c::exact_t>::value();
  static qfx::table_t<typename c::weight_t> weights[table::steps][table::lanes];
  static qfx::table_t<typename c::bias_t> biases[c::output_channels];
  static unsigned char shifts[c::output_channels];
  for (int o = 0; o < c::output_channels; ++o) {
    biases[o] = static_cast<long long>(random_raw(bias));
    shifts[o] = static_cast<unsigned char>(random_bits() % 3);
  }
  hls::stream<qfx::vector<typename c::input_t, c::input_lanes>> in("in");
  hls::stream<qfx::vector<typename c::output_t, c::output_lanes>> out("out");
  // Each variant by sums in another order, by the hardware's loops, and back: nothing survives a call.
  for (int call = 0; call < 12; ++call) {
    const int variant = call % 4;
    qfx::testbench::choose_loops(call / 4 == 1);
    const tensor kernel = random_tensor(weight, c::input_channels * c::output_channels);
    for (int g = 0; g < c::output_channels / c::output_lanes; ++g)
      for (int s = 0; s < table::input_steps; ++s)
        for (int i = 0; i < c::input_lanes; ++i)
          for (int o = 0; o < c::output_lanes; ++o)
            weights[g * table::input_steps + s][i * c::output_lanes + o] =
                static_cast<long long>(kernel[(s * c::input_lanes + i) * c::output_channels + g * c::output_lanes + o]);
    const bool with_bias = variant & 1, with_shift = variant & 2;
    const tensor image = random_tensor(input, c::positions * c::input_channels);
    tensor expected;
    for (int p = 0; p < c::positions; ++p)
      for (int o = 0; o < c::output_channels; ++o) {
        wide sum = 0;
        for (int i = 0; i < c::input_channels; ++i)
          sum += image[p * c::input_channels + i] * kernel[i * c::output_channels + o];
        sum *=
            wide(1) << (exact.binary_point - input.binary_point - weight.binary_point + (with_shift ? shifts[o] : 0));
        if (with_bias) sum += wide(biases[o]) * (wide(1) << (exact.binary_point - bias.binary_point));
        expected.push_back(reference_cast(sum, exact.binary_point, format_of<typename c::output_t>::value()));
      }
    send(image, in);
    switch (variant) {
      case 0:
        qfx::dense<c>(in, out, weights);
        break;
      case 1:
        qfx::dense<c>(in, out, weights, biases);
        break;
      case 2:
        qfx::dense<c>(in, out, weights, qfx::none(), shifts);
        break;
      case 3:
        qfx::dense<c>(in, out, weights, biases, shifts);
        break;
    }
    expect_consumed(name, in);
    expect_values(name, out, expected);
  }
}

struct norm_narrow {
  using input_t = ap_fixed<10, 5>;
  using scale_t = ap_fixed<6, 2>;
  using offset_t = ap_fixed<8, 4>;
  using exact_t = ap_fixed<19, 10>;
  using output_t = ap_fixed<8, 4, AP_RND, AP_SAT>;
};
struct norm_fine_offset {
  using input_t = ap_ufixed<9, 5>;
  using scale_t = ap_ufixed<3, 5>;
  using offset_t = ap_fixed<12, -3>;
  using exact_t = ap_fixed<29, 14>;
  using output_t = ap_ufixed<7, 3, AP_RND_ZERO, AP_SAT_ZERO>;
};
template <class Types, int POSITIONS, int CHANNELS, int INPUT_LANES, int OUTPUT_LANES>
struct norm_layer : Types {
  static constexpr int positions = POSITIONS, channels = CHANNELS, input_lanes = INPUT_LANES,
                       output_lanes = OUTPUT_LANES;
};

template <class c>
void run_norm(const char* name) {
  const format input = format_of<typename c::input_t>::value(), scale = format_of<typename c::scale_t>::value();
  const format offset = format_of<typename c::offset_t>::value(), exact = format_of<typename c::exact_t>::value();
  static qfx::table_t<typename c::scale_t> scales[c::channels];
  static qfx::table_t<typename c::offset_t> offsets[c::channels];
  static unsigned char shifts[c::channels];
  for (int k = 0; k < c::channels; ++k) {
    scales[k] = static_cast<long long>(random_raw(scale));
    offsets[k] = static_cast<long long>(random_raw(offset));
    shifts[k] = static_cast<unsigned char>(random_bits() % 3);
  }
  hls::stream<qfx::vector<typename c::input_t, c::input_lanes>> in("in");
  hls::stream<qfx::vector<typename c::output_t, c::output_lanes>> out("out");
  for (int with_shift = 0; with_shift < 2; ++with_shift) {
    const tensor image = random_tensor(input, c::positions * c::channels);
    tensor expected;
    for (int k = 0; k < c::positions * c::channels; ++k) {
      const int channel = k % c::channels;
      const int left =
          exact.binary_point - input.binary_point - scale.binary_point + (with_shift ? shifts[channel] : 0);
      const wide y = image[k] * scales[channel] * (wide(1) << left) +
                     wide(offsets[channel]) * (wide(1) << (exact.binary_point - offset.binary_point));
      expected.push_back(reference_cast(y, exact.binary_point, format_of<typename c::output_t>::value()));
    }
    send(image, in);
    if (with_shift)
      qfx::batch_normalization<c>(in, out, scales, offsets, shifts);
    else
      qfx::batch_normalization<c>(in, out, scales, offsets);
    expect_consumed(name, in);
    expect_values(name, out, expected);
  }
}

int main() {
  run_dense<dense_layer<narrow, 1, 12, 10, 4, 5>>("dense");
  run_dense<dense_layer<narrow, 1, 12, 10, 1, 1>>("dense, one lane");
  run_dense<dense_layer<narrow, 6, 6, 4, 6, 2>>("dense at positions");
  run_dense<dense_layer<narrow, 1, 1, 1, 1, 1>>("dense 1 x 1");
  run_dense<dense_layer<long_words, 2, 9, 8, 3, 8>>("dense, long words");
  run_norm<norm_layer<norm_narrow, 6, 8, 4, 4>>("batch normalization");
  run_norm<norm_layer<norm_narrow, 6, 12, 4, 6>>("batch normalization, other lanes");
  run_norm<norm_layer<norm_fine_offset, 5, 6, 3, 2>>("batch normalization, fine offset");
  run_norm<norm_layer<norm_fine_offset, 5, 6, 1, 6>>("batch normalization, one lane");
  return finish();
}
