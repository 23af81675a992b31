// Statistics of channels and affine functions of them: src/autograd/kernels/channels.ts says what they compute.
#include "kernel.h"

namespace qfx {
namespace {

QFX_VECTORIZED void momentsLoop(const float* __restrict x, double* __restrict sums, double* __restrict squares,
                                std::size_t width, std::size_t length) {
  for (std::size_t start = 0; start < length; start += width) {
    const std::size_t count = std::min(width, length - start);
    for (std::size_t lane = 0; lane < count; lane++) {
      const double value = x[start + lane];
      sums[lane] += value;
      squares[lane] += value * value;
    }
  }
}

QFX_VECTORIZED void affineLoop(const float* __restrict x, const double* __restrict a, const double* __restrict b,
                               float* __restrict y, std::size_t width, std::size_t length) {
  for (std::size_t start = 0; start < length; start += width) {
    const std::size_t count = std::min(width, length - start);
    for (std::size_t lane = 0; lane < count; lane++) {
      y[start + lane] = static_cast<float>(a[lane] * x[start + lane] + b[lane]);
    }
  }
}

QFX_VECTORIZED void affineGradientLoop(const float* __restrict x, const float* __restrict dy,
                                       const double* __restrict a, float* __restrict dx, double* __restrict products,
                                       double* __restrict sums, std::size_t width, std::size_t length) {
  for (std::size_t start = 0; start < length; start += width) {
    const std::size_t count = std::min(width, length - start);
    for (std::size_t lane = 0; lane < count; lane++) {
      const double gradient = dy[start + lane];
      dx[start + lane] = static_cast<float>(a[lane] * gradient);
      products[lane] += gradient * x[start + lane];
      sums[lane] += gradient;
    }
  }
}

std::size_t lastOf(const std::vector<std::int64_t>& shape) { return static_cast<std::size_t>(shape.back()); }

/** Kernels here have no attributes. */
struct Plain {
  explicit Plain(Attributes&) {}
};

/** x -> moments [2, C] */
struct ChannelMoments : Plain {
  using Plain::Plain;

  void run(Call& call) const {
    const Input x = call.input(0);
    if (!call.ok()) return;
    const std::size_t channels = lastOf(x.shape());
    float* moments = call.output(0, {2, static_cast<std::int64_t>(channels)});
    if (!call.ok()) return;
    const std::size_t width = laneCount(channels);
    std::vector<double> laneSums(width), laneSquares(width), sums(channels), squares(channels);
    momentsLoop(x.data, laneSums.data(), laneSquares.data(), width, x.length);
    gather(laneSums, channels, sums.data());
    gather(laneSquares, channels, squares.data());
    const double rows = static_cast<double>(x.length / channels);
    for (std::size_t channel = 0; channel < channels; channel++) {
      const double mean = sums[channel] / rows;
      moments[channel] = static_cast<float>(mean);
      moments[channels + channel] = static_cast<float>(std::max(0.0, squares[channel] / rows - mean * mean));
    }
  }
};

/** x, moments [2, C], dy [2, C] -> dx */
struct ChannelMomentsGradient : Plain {
  using Plain::Plain;

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input moments = call.input(1);
    const Input dy = call.input(2);
    if (!call.ok()) return;
    const std::size_t channels = lastOf(x.shape());
    float* dx = call.output(0, x.shape());
    if (!call.ok()) return;
    const double rows = static_cast<double>(x.length / channels);
    std::vector<double> slopes(channels), offsets(channels);
    for (std::size_t channel = 0; channel < channels; channel++) {
      slopes[channel] = 2.0 * dy.data[channels + channel] / rows;
      offsets[channel] = dy.data[channel] / rows - slopes[channel] * moments.data[channel];
    }
    const std::vector<double> a = spread(slopes.data(), channels);
    const std::vector<double> b = spread(offsets.data(), channels);
    affineLoop(x.data, a.data(), b.data(), dx, a.size(), x.length);
  }
};

/** x, a [C], b [C] -> y */
struct ChannelAffine : Plain {
  using Plain::Plain;

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input a = call.input(1);
    const Input b = call.input(2);
    if (!call.ok()) return;
    float* y = call.output(0, x.shape());
    if (!call.ok()) return;
    const std::vector<double> slopes = spread(a.data, a.length);
    const std::vector<double> offsets = spread(b.data, a.length);
    affineLoop(x.data, slopes.data(), offsets.data(), y, slopes.size(), x.length);
  }
};

/** x, dy, a [C] -> dx, da [C], db [C] */
struct ChannelAffineGradient : Plain {
  using Plain::Plain;

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input dy = call.input(1);
    const Input a = call.input(2);
    if (!call.ok()) return;
    const std::size_t channels = a.length;
    float* dx = call.output(0, x.shape());
    if (!call.ok()) return;
    float* da = call.output(1, a.shape());
    if (!call.ok()) return;
    float* db = call.output(2, a.shape());
    if (!call.ok()) return;
    const std::vector<double> slopes = spread(a.data, channels);
    std::vector<double> laneProducts(slopes.size()), laneSums(slopes.size()), products(channels), sums(channels);
    affineGradientLoop(x.data, dy.data, slopes.data(), dx, laneProducts.data(), laneSums.data(), slopes.size(),
                       x.length);
    gather(laneProducts, channels, products.data());
    gather(laneSums, channels, sums.data());
    for (std::size_t channel = 0; channel < channels; channel++) {
      da[channel] = static_cast<float>(products[channel]);
      db[channel] = static_cast<float>(sums[channel]);
    }
  }
};

const Registration<ChannelMoments> moments({"QfxChannelMoments", {"x: float"}, {"moments: float"}, {}});
const Registration<ChannelMomentsGradient> momentsGradient(
    {"QfxChannelMomentsGrad", {"x: float", "moments: float", "dy: float"}, {"dx: float"}, {}});
const Registration<ChannelAffine> affine({"QfxChannelAffine", {"x: float", "a: float", "b: float"}, {"y: float"}, {}});
const Registration<ChannelAffineGradient> affineGradient(
    {"QfxChannelAffineGrad", {"x: float", "dy: float", "a: float"}, {"dx: float", "da: float", "db: float"}, {}});

}  // namespace
}  // namespace qfx
