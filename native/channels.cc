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
  std::vector<double> products;
  std::vector<double> gradients;
  std::vector<double> positions;

  explicit Sums(std::size_t width) : products(width), gradients(width), positions(width) {}
};

template <Kind kind>
QFX_INLINE void affineSums(const Affine& affine, const CastParameters& cast, const float* __restrict x,
                           const float* __restrict dy, Sums& sums, std::size_t length) {
  const Rounding r = cast.rounding;
  const float* a = affine.a.data();
  const float* b = affine.b.data();
  const float* scales = cast.scales.data();
  const float* steps = cast.steps.data();
  double* __restrict products = sums.products.data();
  double* __restrict gradients = sums.gradients.data();
  double* __restrict positions = sums.positions.data();
  const std::size_t width = cast.width();
  for (std::size_t start = 0; start < length; start += width) {
    const std::size_t count = std::min(width, length - start);
    for (std::size_t lane = 0; lane < count; lane++) {
      const float value = x[start + lane];
      const Passed passed = pass<kind>(r, a[lane] * value + b[lane], dy[start + lane], scales[lane], steps[lane]);
      const double gradient = passed.gradient;
      products[lane] += gradient * value;
      gradients[lane] += gradient;
      positions[lane] += passed.position;
    }
  }
}
QFX_KINDS(affineSums,
          (const Affine& function, const CastParameters& parameters, const float* x, const float* dy, Sums& sums,
           std::size_t length),
          (function, parameters, x, dy, sums, length))

/** dx = slope of `affine` * the gradient that the cast lets pass + `through`(x) */
template <Kind kind>
QFX_INLINE void inputGradient(const Affine& affine, const Affine& through, const CastParameters& cast,
                              const float* __restrict x, const float* __restrict dy, float* __restrict dx,
                              std::size_t length) {
  const Rounding r = cast.rounding;
  const float* a = affine.a.data();
  const float* b = affine.b.data();
  const float* slopes = through.a.data();
  const float* offsets = through.b.data();
  const float* scales = cast.scales.data();
  const float* steps = cast.steps.data();
  const std::size_t width = cast.width();
  for (std::size_t start = 0; start < length; start += width) {
    const std::size_t count = std::min(width, length - start);
    for (std::size_t lane = 0; lane < count; lane++) {
      const float value = x[start + lane];
      const Passed passed = pass<kind>(r, a[lane] * value + b[lane], dy[start + lane], scales[lane], steps[lane]);
      dx[start + lane] = a[lane] * passed.gradient + (slopes[lane] * value + offsets[lane]);
    }
  }
}
QFX_KINDS(inputGradient,
          (const Affine& function, const Affine& through, const CastParameters& parameters, const float* x,
           const float* dy, float* dx, std::size_t length),
          (function, through, parameters, x, dy, dx, length))

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

/** x, affine [2, C], cast -> y */
struct ChannelAffine : Plain {
  using Plain::Plain;

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input function = call.input(1);
    const Input type = call.input(2);
    if (!call.ok()) return;
    float* y = call.output(0, x.shape());
    if (!call.ok()) return;
    const std::size_t channels = function.length / 2;
    const CastParameters cast(type, channels);
    affine_of[cast.kind](Affine(function.data, function.data + channels, channels), cast, x.data, y, x.length);
  }
};

/** What `ChannelAffineSums` and `ChannelAffineGradient` share: writes daffine [2, C] and dp [1] as two outputs. */
void runSums(Call& call, int firstOutput, const Affine& function, const CastParameters& cast, const Input& x,
             const Input& dy, std::size_t channels) {
  float* daffine = call.output(firstOutput, {2, static_cast<std::int64_t>(channels)});
  if (!call.ok()) return;
  float* dp = call.output(firstOutput + 1, {1});
  if (!call.ok()) return;
  Sums sums(cast.width());
  affineSums_of[cast.kind](function, cast, x.data, dy.data, sums, x.length);
  gather(sums.products, channels, 1, daffine);
  gather(sums.gradients, channels, 1, daffine + channels);
  gather(sums.positions, 1, cast.rounding.factor, dp);
}

/** x, dy, affine [2, C], cast -> daffine [2, C], dp [1] */
struct ChannelAffineSums : Plain {
  using Plain::Plain;

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input dy = call.input(1);
    const Input function = call.input(2);
    const Input type = call.input(3);
    if (!call.ok()) return;
    const std::size_t channels = function.length / 2;
    const Affine affine(function.data, function.data + channels, channels);
    runSums(call, 0, affine, CastParameters(type, channels), x, dy, channels);
  }
};

/** x, dy, affine [2, C], through [2, C], cast -> dx = affine[0] * (dy that the cast lets pass) + through[0] * x + through[1] */
struct ChannelAffineInputGradient : Plain {
  using Plain::Plain;

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input dy = call.input(1);
    const Input function = call.input(2);
    const Input second = call.input(3);
    const Input type = call.input(4);
    if (!call.ok()) return;
    float* dx = call.output(0, x.shape());
    if (!call.ok()) return;
    const std::size_t channels = function.length / 2;
    const CastParameters cast(type, channels);
    const Affine affine(function.data, function.data + channels, channels);
    const Affine through(second.data, second.data + channels, channels);
    inputGradient_of[cast.kind](affine, through, cast, x.data, dy.data, dx, x.length);
  }
};

const Registration<ChannelMoments> momentsRegistration({"QfxChannelMoments", {"x: float"}, {"moments: float"}, {}});
const Registration<ChannelAffine> affineRegistration(
    {"QfxChannelAffine", {"x: float", "affine: float", "cast: float"}, {"y: float"}, {}});
const Registration<ChannelAffineSums> sumsRegistration(
    {"QfxChannelAffineSums",
     {"x: float", "dy: float", "affine: float", "cast: float"},
     {"daffine: float", "dp: float"},
     {}});
const Registration<ChannelAffineInputGradient> inputGradientRegistration(
    {"QfxChannelAffineInputGrad",
     {"x: float", "dy: float", "affine: float", "through: float", "cast: float"},
     {"dx: float"},
     {}});

}  // namespace
}  // namespace qfx
