// Statistics of channels and affine functions of them, with the cast of the result: src/autograd/kernels/channels.ts and
// normalization.ts say what they compute.
#include "rounding.h"

namespace qfx {
namespace {

QFX_VECTORIZED void moments(const float* __restrict x, double* __restrict sums, double* __restrict squares,
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

/** Slope and offset of each channel, repeated over the lanes. */
struct Affine {
  std::vector<float> a;
  std::vector<float> b;

  Affine(const float* slopes, const float* offsets, std::size_t channels)
      : a(spread(slopes, channels)), b(spread(offsets, channels)) {}
};

template <Kind kind>
QFX_INLINE void affine(const Affine& affine, const CastParameters& cast, const float* __restrict x,
                       float* __restrict y, std::size_t length) {
  const Rounding r = cast.rounding;
  const float* a = affine.a.data();
  const float* b = affine.b.data();
  const float* scales = cast.scales.data();
  const float* steps = cast.steps.data();
  const std::size_t width = cast.width();
  for (std::size_t start = 0; start < length; start += width) {
    const std::size_t count = std::min(width, length - start);
    for (std::size_t lane = 0; lane < count; lane++) {
      y[start + lane] = round<kind>(r, a[lane] * x[start + lane] + b[lane], scales[lane], steps[lane]);
    }
  }
}
QFX_KINDS(affine,
          (const Affine& function, const CastParameters& parameters, const float* x, float* y, std::size_t length),
          (function, parameters, x, y, length))

/** Sums of the gradient that the cast lets pass, one a lane. */
struct Sums {
  LaneSums products;
  LaneSums gradients;
  LaneSums positions;

  explicit Sums(std::size_t width) : products(width), gradients(width), positions(width) {}

  void flush() {
    products.flush();
    gradients.flush();
    positions.flush();
  }
};

/** Rows of lanes; the sums as plain addresses, which the compiler can tell apart. */
template <Kind kind>
QFX_INLINE void gradientRows(const Rounding r, const float* __restrict a, const float* __restrict b,
                             const float* __restrict scales, const float* __restrict x, const float* __restrict dy,
                             float* __restrict g, float* __restrict products, float* __restrict gradients,
                             float* __restrict positions, std::size_t width, std::size_t length) {
  for (std::size_t start = 0; start < length; start += width) {
    const std::size_t count = std::min(width, length - start);
    for (std::size_t lane = 0; lane < count; lane++) {
      const float value = x[start + lane];
      const Passed passed = pass<kind>(r, a[lane] * value + b[lane], dy[start + lane], scales[lane]);
      g[start + lane] = passed.gradient;
      products[lane] += passed.gradient * value;
      gradients[lane] += passed.gradient;
      positions[lane] += passed.position;
    }
  }
}

template <Kind kind>
QFX_INLINE void gradient(const Affine& affine, const CastParameters& cast, const float* x, const float* dy, float* g,
                         Sums& sums, std::size_t length) {
  const std::size_t block = rowsAtOnce * cast.width();
  for (std::size_t start = 0; start < length; start += block) {
    gradientRows<kind>(cast.rounding, affine.a.data(), affine.b.data(), cast.scales.data(), x + start, dy + start,
                       g + start, sums.products.rows.data(), sums.gradients.rows.data(), sums.positions.rows.data(),
                       cast.width(), std::min(block, length - start));
    sums.flush();
  }
}
QFX_KINDS(gradient,
          (const Affine& function, const CastParameters& parameters, const float* x, const float* dy, float* g,
           Sums& sums, std::size_t length),
          (function, parameters, x, dy, g, sums, length))

QFX_VECTORIZED void sumProducts(const float* __restrict x, const float* __restrict dy, double* __restrict products,
                                double* __restrict gradients, std::size_t width, std::size_t length) {
  for (std::size_t start = 0; start < length; start += width) {
    const std::size_t count = std::min(width, length - start);
    for (std::size_t lane = 0; lane < count; lane++) {
      const double passing = dy[start + lane];
      products[lane] += passing * x[start + lane];
      gradients[lane] += passing;
    }
  }
}

/** dx = slope * g + through(x) */
QFX_VECTORIZED void inputGradient(const float* __restrict slope, const Affine& through, const float* __restrict x,
                                  const float* __restrict g, float* __restrict dx, std::size_t width,
                                  std::size_t length) {
  const float* a = through.a.data();
  const float* b = through.b.data();
  for (std::size_t start = 0; start < length; start += width) {
    const std::size_t count = std::min(width, length - start);
    for (std::size_t lane = 0; lane < count; lane++) {
      dx[start + lane] = slope[lane] * g[start + lane] + (a[lane] * x[start + lane] + b[lane]);
    }
  }
}

std::size_t lastOf(const std::vector<std::int64_t>& shape) { return static_cast<std::size_t>(shape.back()); }

/** x -> moments [2, C] */
struct ChannelMoments : Plain {
  using Plain::Plain;

  void run(Call& call) const {
    const Input x = call.input(0);
    if (!call.ok()) return;
    const std::size_t channels = lastOf(x.shape());
    float* result = call.output(0, {2, static_cast<std::int64_t>(channels)});
    if (!call.ok()) return;
    const std::size_t width = laneCount(channels);
    std::vector<double> sums(width), squares(width);
    moments(x.data, sums.data(), squares.data(), width, x.length);
    const double rows = static_cast<double>(x.length / channels);
    const std::vector<double> means = gather(sums, channels, 1 / rows);
    const std::vector<double> squareMeans = gather(squares, channels, 1 / rows);
    for (std::size_t channel = 0; channel < channels; channel++) {
      const double mean = means[channel];
      result[channel] = static_cast<float>(mean);
      result[channels + channel] = static_cast<float>(std::max(0.0, squareMeans[channel] - mean * mean));
    }
  }
};

/** Slopes of a bias. */
std::vector<float> ones(const Input& bias) { return std::vector<float>(bias.length, 1.0f); }

void runAffine(Call& call, const Input& x, const Affine& function, const CastParameters& cast) {
  float* y = call.output(0, x.shape());
  if (!call.ok()) return;
  affine_of[cast.kind](function, cast, x.data, y, x.length);
}

/** x, affine [2, C], cast -> y */
struct ChannelAffine : Plain {
  using Plain::Plain;

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input function = call.input(1);
    const Input type = call.input(2);
    if (!call.ok()) return;
    const std::size_t channels = function.length / 2;
    const Affine affine(function.data, function.data + channels, channels);
    runAffine(call, x, affine, CastParameters(type, channels));
  }
};

/** x, bias [C], cast -> y */
struct ChannelBias : Plain {
  using Plain::Plain;

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input bias = call.input(1);
    const Input type = call.input(2);
    if (!call.ok()) return;
    const Affine affine(ones(bias).data(), bias.data, bias.length);
    runAffine(call, x, affine, CastParameters(type, bias.length));
  }
};

/** x, dy, affine [2, C], cast -> g, daffine [2, C], dp [1] */
struct ChannelAffineGradient : Plain {
  using Plain::Plain;

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input dy = call.input(1);
    const Input function = call.input(2);
    const Input type = call.input(3);
    if (!call.ok()) return;
    float* g = call.output(0, x.shape());
    if (!call.ok()) return;
    float* daffine = call.output(1, function.shape());
    if (!call.ok()) return;
    float* dp = call.output(2, {1});
    if (!call.ok()) return;
    const std::size_t channels = function.length / 2;
    const Affine affine(function.data, function.data + channels, channels);
    const CastParameters cast(type, channels);
    Sums sums(cast.width());
    gradient_of[cast.kind](affine, cast, x.data, dy.data, g, sums, x.length);
    gather(sums.products.totals, channels, 1, daffine);
    gather(sums.gradients.totals, channels, 1, daffine + channels);
    gather(sums.positions.totals, 1, cast.rounding.factor * cast.steps[0], dp);
  }
};

/** x, dy, bias [C], cast -> dx, dbias [C], dp [1] */
struct ChannelBiasGradient : Plain {
  using Plain::Plain;

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input dy = call.input(1);
    const Input bias = call.input(2);
    const Input type = call.input(3);
    if (!call.ok()) return;
    float* dx = call.output(0, x.shape());
    if (!call.ok()) return;
    float* dbias = call.output(1, bias.shape());
    if (!call.ok()) return;
    float* dp = call.output(2, {1});
    if (!call.ok()) return;
    const Affine affine(ones(bias).data(), bias.data, bias.length);
    const CastParameters cast(type, bias.length);
    Sums sums(cast.width());
    gradient_of[cast.kind](affine, cast, x.data, dy.data, dx, sums, x.length);
    gather(sums.gradients.totals, bias.length, 1, dbias);
    gather(sums.positions.totals, 1, cast.rounding.factor * cast.steps[0], dp);
  }
};

/** x, dy -> [2, C], sums of dy * x and of dy */
struct ChannelSums : Plain {
  using Plain::Plain;

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input dy = call.input(1);
    if (!call.ok()) return;
    const std::size_t channels = lastOf(x.shape());
    float* daffine = call.output(0, {2, static_cast<std::int64_t>(channels)});
    if (!call.ok()) return;
    const std::size_t width = laneCount(channels);
    std::vector<double> products(width), gradients(width);
    sumProducts(x.data, dy.data, products.data(), gradients.data(), width, x.length);
    gather(products, channels, 1, daffine);
    gather(gradients, channels, 1, daffine + channels);
  }
};

/** x, g, affine, moments, dmoments [2, C] -> dx */
struct NormalizationInputGradient : Plain {
  using Plain::Plain;

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input g = call.input(1);
    const Input function = call.input(2);
    const Input moments = call.input(3);
    const Input dmoments = call.input(4);
    if (!call.ok()) return;
    float* dx = call.output(0, x.shape());
    if (!call.ok()) return;
    const std::size_t channels = function.length / 2;
    const double rows = static_cast<double>(x.length / channels);
    std::vector<float> slopes(channels), offsets(channels);
    for (std::size_t channel = 0; channel < channels; channel++) {
      const double slope = 2.0 * dmoments.data[channels + channel] / rows;
      slopes[channel] = static_cast<float>(slope);
      offsets[channel] = static_cast<float>(dmoments.data[channel] / rows - slope * moments.data[channel]);
    }
    const std::vector<float> a = spread(function.data, channels);
    const Affine through(slopes.data(), offsets.data(), channels);
    inputGradient(a.data(), through, x.data, g.data, dx, a.size(), x.length);
  }
};

const Registration<ChannelMoments> momentsRegistration({"QfxChannelMoments", {"x: float"}, {"moments: float"}, {}});
const Registration<ChannelAffine> affineRegistration(
    {"QfxChannelAffine", {"x: float", "affine: float", "cast: float"}, {"y: float"}, {}});
const Registration<ChannelBias> biasRegistration(
    {"QfxChannelBias", {"x: float", "bias: float", "cast: float"}, {"y: float"}, {}});
const Registration<ChannelAffineGradient> affineGradientRegistration(
    {"QfxChannelAffineGrad",
     {"x: float", "dy: float", "affine: float", "cast: float"},
     {"g: float", "daffine: float", "dp: float"},
     {}});
const Registration<ChannelBiasGradient> biasGradientRegistration(
    {"QfxChannelBiasGrad",
     {"x: float", "dy: float", "bias: float", "cast: float"},
     {"dx: float", "dbias: float", "dp: float"},
     {}});
const Registration<ChannelSums> sumsRegistration(
    {"QfxChannelSums", {"x: float", "dy: float"}, {"daffine: float"}, {}});
const Registration<NormalizationInputGradient> inputGradientRegistration(
    {"QfxNormalizationInputGrad",
     {"x: float", "g: float", "affine: float", "moments: float", "dmoments: float"},
     {"dx: float"},
     {}});

}  // namespace
}  // namespace qfx
