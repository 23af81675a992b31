// Sums of products for C simulation on machines without AMD's headers, beside the hardware's loops: `hardware_loops`
// tells which ones layers run.
//
// Hardware takes a few inputs and a few outputs a cycle, and its tables of weights are laid out for that. A processor
// is fastest when all factors of one output lie side by side in the narrowest integer that it multiplies well: compilers
// then make eight products at a time. The sums are exact, so their order changes no bit, and what comes after them
// (bias, shift, cast, words) is the library's own. C++14.
#ifndef QFX_SIMULATION_QFX_SUMS_H
#define QFX_SIMULATION_QFX_SUMS_H

#include <hls_stream.h>

#include <cstring>
#include <type_traits>

#include "qfx/line_buffer.h"
#include "qfx/multiply_accumulate.h"
#include "qfx/raw.h"
#include "qfx/vector.h"

namespace qfx {

template <class Config>
struct conv2d_table;
template <class Config>
struct dense_table;
template <class Config>
struct multiplied_products;

/** True while layers run the hardware's loops. A testbench may change it between two images. */
inline bool& hardware_loops() {
  static bool chosen = true;
  return chosen;
}

/** Native integers for products of inputs and weights and for their sums, all of which fit into the running sum. */
template <class Config>
struct simulation_types {
  /** Bits of a signed word that holds every value of a type. */
  template <class T>
  static constexpr int bits() {
    return fixed_traits<T>::word_length + !fixed_traits<T>::is_signed;
  }
  static constexpr int factor_bits =
      ap_detail::larger(bits<typename Config::input_t>(), bits<typename Config::weight_t>());
  static constexpr int sum_bits = bits<running_sum_t<Config>>();
  /** Whether there are such integers. */
  static constexpr bool exist = factor_bits <= 64 && sum_bits <= 64;
  // At least 16 bits: processors have an instruction that multiplies those and adds pairs of products to 32 bits.
  using factor_t = typename detail::native_integer<factor_bits <= 16 ? 16 : exist ? factor_bits : 64, true>::type;
  using sum_t = typename detail::native_integer<sum_bits <= 32 ? 32 : 64, true>::type;
};

/** Sums of the products of COUNT factors with the weights of two outputs. */
template <int COUNT, class Factor, class Sum>
inline void sum_products(const Factor* factors, const Factor* weights0, const Factor* weights1, Sum& sum0, Sum& sum1) {
  Sum total0 = 0, total1 = 0;
  for (int k = 0; k < COUNT; ++k) {
    total0 += Sum(factors[k]) * Sum(weights0[k]);
    total1 += Sum(factors[k]) * Sum(weights1[k]);
  }
  sum0 = total0;
  sum1 = total1;
}

/**
 * The sums of a layer's outputs at one position: FACTORS products each, those of output o with the factors of group
 * o / (output_channels / GROUPS). Table has the sizes of the table of weights, as conv2d_table and dense_table.
 */
template <class Config, class Table, int FACTORS, int GROUPS>
class simulated_sums {
  using types = simulation_types<Config>;
  using factor_t = typename types::factor_t;
  using sum_t = typename types::sum_t;
  using table_weights = table_t<typename Config::weight_t>[Table::steps][Table::lanes];
  static constexpr int outputs = Config::output_channels, lanes = Config::output_lanes;
  static constexpr int outputs_per_group = outputs / GROUPS;
  static constexpr int multiply_lanes = Table::lanes / lanes;
  /** A whole number of vectors; what is beyond FACTORS stays 0. */
  static constexpr int padded = (FACTORS + 7) / 8 * 8;
  /** Where a group has one output (depthwise) outputs lie side by side, not the factors of one output. */
  static constexpr bool depthwise = GROUPS > 1 && outputs_per_group == 1;

 public:
  static constexpr bool exist = types::exist;

  /** Takes over the weights; nothing is done while they stay the same. */
  void load(const table_weights& weights) {
    if (loaded_ && std::memcmp(weights, table_, sizeof(table_)) == 0) return;
    std::memcpy(table_, weights, sizeof(table_));
    loaded_ = true;
    for (int output = 0; output < outputs; ++output) {
      for (int k = 0; k < FACTORS; ++k) {
        const int step = output / lanes * (FACTORS / multiply_lanes) + k / multiply_lanes;
        // The raw integer of a weight, of whatever kind: its product with 1.
        (depthwise ? weights_[k][output] : weights_[output][k]) = factor_t(
            product<typename Config::weight_t>(ap_ufixed<1, 1>(1), weights[step][k % multiply_lanes * lanes + output % lanes])
                .raw);
      }
    }
  }

  /** Sets factor k of a group. */
  void set(int group, int k, const typename Config::input_t& value) {
    (depthwise ? factors_[k][group] : factors_[group][k]) = factor_t(value.raw);
  }

  /** Writes all outputs of the position. */
  template <class Bias, class Shift>
  void write(hls::stream<vector<typename Config::output_t, lanes>>& output, const Bias& bias, const Shift& shift) {
    sum_t total[outputs];
    sum_up(total, std::integral_constant<bool, depthwise>());
    running_sum_t<Config> sum[outputs];
    for (int o = 0; o < outputs; ++o) sum[o].raw = typename running_sum_t<Config>::raw_type(total[o]);
    const vector<typename Config::output_t, outputs> values = finish_sums<Config>(sum, bias, shift, 0);
    for (int channel = 0; channel < outputs; channel += lanes) {
      vector<typename Config::output_t, lanes> word;
      for (int o = 0; o < lanes; ++o) word[o] = values[channel + o];
      output.write(word);
    }
  }

 private:
  void sum_up(sum_t (&total)[outputs], std::false_type) const {
    for (int group = 0, first = 0; group < GROUPS; ++group, first += outputs_per_group) {
      for (int o = first; o < first + outputs_per_group; o += 2) {
        const int other = o + 1 < first + outputs_per_group ? o + 1 : o;
        sum_products<padded>(factors_[group], weights_[o], weights_[other], total[o], total[other]);
      }
    }
  }
  void sum_up(sum_t (&total)[outputs], std::true_type) const {
    for (int o = 0; o < outputs; ++o) total[o] = 0;
    for (int k = 0; k < FACTORS; ++k) {
      for (int o = 0; o < outputs; ++o) total[o] += sum_t(factors_[k][o]) * sum_t(weights_[k][o]);
    }
  }

  bool loaded_ = false;
  table_weights table_ = {};
  factor_t weights_[depthwise ? FACTORS : outputs][depthwise ? outputs : padded] = {};
  factor_t factors_[depthwise ? FACTORS : GROUPS][depthwise ? outputs : padded] = {};
};

/**
 * Writes the outputs of a convolution at the current window, if Products are multiplications; `first` at the first one of
 * an image.
 * @returns false, and has done nothing, where the hardware's loops are to do it
 */
template <class Products, class Config, class Weights, class Bias, class Shift,
          typename std::enable_if<!std::is_same<Products, multiplied_products<Config>>::value, int>::type = 0>
bool simulate_window(const line_buffer<Config>&, hls::stream<vector<typename Config::output_t, Config::output_lanes>>&,
                     const Weights&, const Bias&, const Shift&, bool) {
  return false;
}
template <class Products, class Config, class Weights, class Bias, class Shift,
          typename std::enable_if<std::is_same<Products, multiplied_products<Config>>::value, int>::type = 0>
bool simulate_window(const line_buffer<Config>& window,
                     hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                     const Weights& weights, const Bias& bias, const Shift& shift, bool first) {
  using table = conv2d_table<Config>;
  constexpr int channels = table::channels_per_group;
  using sums_t =
      simulated_sums<Config, table, Config::kernel_height * Config::kernel_width * channels, Config::groups>;
  static sums_t sums;
  if (hardware_loops() || !sums_t::exist) return false;
  if (first) sums.load(weights);
  // Taps, and inside a tap the channels of a group.
  for (int ky = 0; ky < Config::kernel_height; ++ky) {
    for (int kx = 0; kx < Config::kernel_width; ++kx) {
      const int tap = (ky * Config::kernel_width + kx) * channels;
      const bool inside = window.inside(ky, kx);
      for (int group = 0; group < Config::groups; ++group) {
        for (int i = 0; i < channels; ++i) {
          sums.set(group, tap + i, inside ? window.at(ky, kx, group * channels + i) : typename Config::input_t(0));
        }
      }
    }
  }
  sums.write(output, bias, shift);
  return true;
}

/**
 * Reads the inputs of a dense layer at the next position and writes its outputs; `first` at the first one of an image.
 * @returns false, and has done nothing, where the hardware's loops are to do it
 */
template <class Config, class Weights, class Bias, class Shift>
bool simulate_position(hls::stream<vector<typename Config::input_t, Config::input_lanes>>& input,
                       hls::stream<vector<typename Config::output_t, Config::output_lanes>>& output,
                       const Weights& weights, const Bias& bias, const Shift& shift, bool first) {
  using sums_t = simulated_sums<Config, dense_table<Config>, Config::input_channels, 1>;
  static sums_t sums;
  if (hardware_loops() || !sums_t::exist) return false;
  if (first) sums.load(weights);
  for (int channel = 0; channel < Config::input_channels; channel += Config::input_lanes) {
    const vector<typename Config::input_t, Config::input_lanes> word = input.read();
    for (int i = 0; i < Config::input_lanes; ++i) sums.set(0, channel + i, word[i]);
  }
  sums.write(output, bias, shift);
  return true;
}

}  // namespace qfx

#endif
