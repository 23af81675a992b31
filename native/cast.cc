// The fixed-point cast and its gradient: src/autograd/kernels/cast.ts says what they compute. Scaling by a power of two and
// all comparisons are exact in doubles, for every float32.
#include <cmath>
#include <limits>

#include "kernel.h"

namespace qfx {
namespace {

// The orders are those of the lists in the kernels' constructor.
enum Rounding { TRN, TRN_ZERO, RND, RND_ZERO, RND_MIN_INF, RND_INF, RND_CONV };
enum Overflow { SAT, SAT_SYM, SAT_ZERO, WRAP };

struct Range {
  double minimum;
  double maximum;
  /** 2^W */
  double modulus;
};

/** A ReLU in front of the cast: values are clipped to [low, high], and have slope 0 below `slopeFrom` and above `high`. */
struct Clip {
  double low;
  double high;
  double slopeFrom;

  Clip(double lowest, double highest) : low(lowest), high(highest), slopeFrom(lowest) {
    // Clipped at one end only, slope 0 begins at the end itself.
    if (low == 0 && std::isinf(high)) slopeFrom = std::numeric_limits<double>::denorm_min();
  }

  QFX_INLINE double operator()(double value) const {
    value = value < low ? low : value;
    return value > high ? high : value;
  }
  QFX_INLINE bool blocks(double value) const { return value < slopeFrom || value > high; }
};

/** What the loops need beside the data: one scale (2^F) and one step (2^-F) a lane. */
struct Parameters {
  std::vector<double> scales;
  std::vector<double> steps;
  Range range;
  Clip clip;

  Parameters(const Input& binaryPoints, const Range& range, const Clip& clip)
      : scales(spread(binaryPoints.data, binaryPoints.length)), steps(scales.size()), range(range), clip(clip) {
    for (std::size_t lane = 0; lane < scales.size(); lane++) {
      const int binaryPoint = static_cast<int>(scales[lane]);
      scales[lane] = std::ldexp(1.0, binaryPoint);
      steps[lane] = std::ldexp(1.0, -binaryPoint);
    }
  }
};

template <Rounding rounding>
QFX_INLINE double roundScaled(double value) {
  switch (rounding) {
    case TRN:
      return std::floor(value);
    case TRN_ZERO:
      return std::trunc(value);
    case RND:
      return std::floor(value + 0.5);
    case RND_ZERO:
      return value < 0 ? std::floor(value + 0.5) : std::ceil(value - 0.5);
    case RND_MIN_INF:
      return std::ceil(value - 0.5);
    case RND_INF:
      return value < 0 ? std::ceil(value - 0.5) : std::floor(value + 0.5);
    case RND_CONV: {
      const double up = std::floor(value + 0.5);
      const bool isOdd = up - 2 * std::floor(up * 0.5) != 0;
      return up - value == 0.5 && isOdd ? up - 1 : up;
    }
  }
}

/** Comparisons are written so that NaN stays NaN. */
template <Overflow overflow>
QFX_INLINE double limit(double raw, const Range& range) {
  switch (overflow) {
    case SAT:
    case SAT_SYM:
      raw = raw < range.minimum ? range.minimum : raw;
      return raw > range.maximum ? range.maximum : raw;
    case SAT_ZERO:
      return raw < range.minimum || raw > range.maximum ? 0 : raw;
    case WRAP: {
      const double low = raw - std::floor(raw / range.modulus) * range.modulus;
      const double wrapped = low > range.maximum ? low - range.modulus : low;
      return raw < range.minimum || raw > range.maximum ? wrapped : raw;
    }
  }
}

template <Rounding rounding, Overflow overflow>
QFX_INLINE void castLoop(const Parameters& parameters, const float* x, float* y, std::size_t length) {
  const double* scales = parameters.scales.data();
  const double* steps = parameters.steps.data();
  const std::size_t width = parameters.scales.size();
  const Range range = parameters.range;
  const Clip clip = parameters.clip;
  for (std::size_t start = 0; start < length; start += width) {
    const std::size_t count = std::min(width, length - start);
    for (std::size_t lane = 0; lane < count; lane++) {
      const double raw = limit<overflow>(roundScaled<rounding>(clip(x[start + lane]) * scales[lane]), range);
      // Adding 0 turns -0 into 0.
      y[start + lane] = static_cast<float>(raw * steps[lane] + 0.0);
    }
  }
}

/** `sums`, one a lane, get dy times the derivative by the binary point without its factor ln 2. */
template <Rounding rounding, Overflow overflow>
QFX_INLINE void gradientLoop(const Parameters& parameters, const float* x, const float* dy, float* dx, double* sums,
                             std::size_t length) {
  const double* scales = parameters.scales.data();
  const double* steps = parameters.steps.data();
  const std::size_t width = parameters.scales.size();
  const Range range = parameters.range;
  const Clip clip = parameters.clip;
  for (std::size_t start = 0; start < length; start += width) {
    const std::size_t count = std::min(width, length - start);
    for (std::size_t lane = 0; lane < count; lane++) {
      const double unclipped = x[start + lane];
      const double value = clip(unclipped);
      const float gradient = dy[start + lane];
      const double raw = roundScaled<rounding>(value * scales[lane]);
      const bool isOutside = raw < range.minimum || raw > range.maximum;
      dx[start + lane] = isOutside || clip.blocks(unclipped) ? 0 : gradient;
      sums[lane] += gradient * ((isOutside ? 0 : value) - limit<overflow>(raw, range) * steps[lane]);
    }
  }
}

// One vectorised function for each combination of modes.
#define QFX_CAST(rounding, overflow)                                                                            \
  QFX_VECTORIZED void cast_##rounding##_##overflow(const Parameters& parameters, const float* __restrict x,      \
                                                   float* __restrict y, std::size_t length) {                   \
    castLoop<rounding, overflow>(parameters, x, y, length);                                                      \
  }
#define QFX_GRADIENT(rounding, overflow)                                                                        \
  QFX_VECTORIZED void gradient_##rounding##_##overflow(const Parameters& parameters, const float* __restrict x,  \
                                                       const float* __restrict dy, float* __restrict dx,         \
                                                       double* __restrict sums, std::size_t length) {            \
    gradientLoop<rounding, overflow>(parameters, x, dy, dx, sums, length);                                       \
  }
#define QFX_MODES(rounding)    \
  QFX_CAST(rounding, SAT)      \
  QFX_CAST(rounding, SAT_ZERO) \
  QFX_CAST(rounding, WRAP)     \
  QFX_GRADIENT(rounding, SAT)  \
  QFX_GRADIENT(rounding, SAT_ZERO)

QFX_MODES(TRN)
QFX_MODES(TRN_ZERO)
QFX_MODES(RND)
QFX_MODES(RND_ZERO)
QFX_MODES(RND_MIN_INF)
QFX_MODES(RND_INF)
QFX_MODES(RND_CONV)

using CastFunction = void (*)(const Parameters&, const float*, float*, std::size_t);
using GradientFunction = void (*)(const Parameters&, const float*, const float*, float*, double*, std::size_t);

struct Functions {
  CastFunction cast[4];
  GradientFunction gradient[4];
};

// Ordered by overflow mode. A wrapping type trains as a saturating one.
#define QFX_FUNCTIONS(rounding)                                                                              \
  {                                                                                                          \
    {cast_##rounding##_SAT, cast_##rounding##_SAT, cast_##rounding##_SAT_ZERO, cast_##rounding##_WRAP}, {    \
      gradient_##rounding##_SAT, gradient_##rounding##_SAT, gradient_##rounding##_SAT_ZERO,                  \
          gradient_##rounding##_SAT                                                                          \
    }                                                                                                        \
  }
const Functions functionsOf[] = {
    QFX_FUNCTIONS(TRN),         QFX_FUNCTIONS(TRN_ZERO), QFX_FUNCTIONS(RND),      QFX_FUNCTIONS(RND_ZERO),
    QFX_FUNCTIONS(RND_MIN_INF), QFX_FUNCTIONS(RND_INF),  QFX_FUNCTIONS(RND_CONV),
};

/** The type of the cast but for its binary points, which are an input. */
struct CastType {
  int rounding;
  int overflow;
  Range range;

  explicit CastType(Attributes& attributes) {
    rounding = attributes.choice("rounding", {"AP_TRN", "AP_TRN_ZERO", "AP_RND", "AP_RND_ZERO", "AP_RND_MIN_INF",
                                              "AP_RND_INF", "AP_RND_CONV"});
    overflow = attributes.choice("overflow", {"AP_SAT", "AP_SAT_SYM", "AP_SAT_ZERO", "AP_WRAP"});
    const bool isSigned = attributes.boolean("signed");
    const double modulus = std::ldexp(1.0, attributes.integer("word_length"));
    range.modulus = modulus;
    range.maximum = (isSigned ? modulus / 2 : modulus) - 1;
    range.minimum = !isSigned ? 0 : overflow == SAT_SYM ? -range.maximum : -modulus / 2;
  }
};

/** x, binary_points, clip [low, high] -> y */
class Cast : CastType {
 public:
  using CastType::CastType;

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input binaryPoints = call.input(1);
    const Input clip = call.input(2);
    if (!call.ok()) return;
    float* y = call.output(0, x.shape());
    if (!call.ok()) return;
    const Parameters parameters(binaryPoints, range, Clip(clip.data[0], clip.data[1]));
    functionsOf[rounding].cast[overflow](parameters, x.data, y, x.length);
  }
};

/** x, dy, binary_points, clip [low, high], factor of dp [1] -> dx, dp */
class CastGradient : CastType {
 public:
  using CastType::CastType;

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input dy = call.input(1);
    const Input binaryPoints = call.input(2);
    const Input clip = call.input(3);
    const Input factor = call.input(4);
    if (!call.ok()) return;
    if (x.length != dy.length) return call.fail("x and dy have different sizes");
    const std::size_t channels = binaryPoints.length;
    float* dx = call.output(0, x.shape());
    if (!call.ok()) return;
    float* dp = call.output(1, {static_cast<std::int64_t>(channels)});
    if (!call.ok()) return;
    const Parameters parameters(binaryPoints, range, Clip(clip.data[0], clip.data[1]));
    std::vector<double> laneSums(parameters.scales.size()), sums(channels);
    functionsOf[rounding].gradient[overflow](parameters, x.data, dy.data, dx, laneSums.data(), x.length);
    gather(laneSums, channels, sums.data());
    for (std::size_t channel = 0; channel < channels; channel++) {
      dp[channel] = static_cast<float>(factor.data[0] * sums[channel]);
    }
  }
};

const Registration<Cast> cast({"QfxCast",
                               {"x: float", "binary_points: float", "clip: float"},
                               {"y: float"},
                               {"rounding: string", "overflow: string", "signed: bool", "word_length: int"}});
const Registration<CastGradient> castGradient({"QfxCastGrad",
                                               {"x: float", "dy: float", "binary_points: float", "clip: float", "factor: float"},
                                               {"dx: float", "dp: float"},
                                               {"rounding: string", "overflow: string", "signed: bool",
                                                "word_length: int"}});

}  // namespace
}  // namespace qfx
