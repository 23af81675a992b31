// The fixed-point cast and its gradient: src/autograd/kernels/cast.ts says what they compute.
#include "rounding.h"

namespace qfx {
namespace {

template <Kind kind>
QFX_INLINE void cast(const CastParameters& cast, const float* __restrict x, float* __restrict y, std::size_t length) {
  const Rounding r = cast.rounding;
  const float* scales = cast.scales.data();
  const float* steps = cast.steps.data();
  const std::size_t width = cast.width();
  for (std::size_t start = 0; start < length; start += width) {
    const std::size_t count = std::min(width, length - start);
    for (std::size_t lane = 0; lane < count; lane++) {
      y[start + lane] = round<kind>(r, x[start + lane], scales[lane], steps[lane]);
    }
  }
}
QFX_KINDS(cast, (const CastParameters& parameters, const float* x, float* y, std::size_t length),
          (parameters, x, y, length))

template <Kind kind>
QFX_INLINE void gradientRows(const Rounding r, const float* __restrict scales, const float* __restrict x,
                             const float* __restrict dy, float* __restrict dx, float* __restrict positions,
                             std::size_t width, std::size_t length) {
  for (std::size_t start = 0; start < length; start += width) {
    const std::size_t count = std::min(width, length - start);
    for (std::size_t lane = 0; lane < count; lane++) {
      const Passed passed = pass<kind>(r, x[start + lane], dy[start + lane], scales[lane]);
      dx[start + lane] = passed.gradient;
      positions[lane] += passed.position;
    }
  }
}

template <Kind kind>
QFX_INLINE void gradient(const CastParameters& cast, const float* x, const float* dy, float* dx, LaneSums& sums,
                         std::size_t length) {
  const std::size_t block = rowsAtOnce * cast.width();
  for (std::size_t start = 0; start < length; start += block) {
    gradientRows<kind>(cast.rounding, cast.scales.data(), x + start, dy + start, dx + start, sums.rows.data(),
                       cast.width(), std::min(block, length - start));
    sums.flush();
  }
}
QFX_KINDS(gradient,
          (const CastParameters& parameters, const float* x, const float* dy, float* dx, LaneSums& sums,
           std::size_t length),
          (parameters, x, dy, dx, sums, length))

std::size_t pointsOf(const Input& cast) { return cast.length - roundingFields; }

/** x, cast -> y */
struct Cast : Plain {
  using Plain::Plain;

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input type = call.input(1);
    if (!call.ok()) return;
    float* y = call.output(0, x.shape());
    if (!call.ok()) return;
    const CastParameters parameters(type, pointsOf(type));
    cast_of[parameters.kind](parameters, x.data, y, x.length);
  }
};

/** x, dy, cast -> dx, dp */
struct CastGradient : Plain {
  using Plain::Plain;

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input dy = call.input(1);
    const Input type = call.input(2);
    if (!call.ok()) return;
    const std::size_t points = pointsOf(type);
    float* dx = call.output(0, x.shape());
    if (!call.ok()) return;
    float* dp = call.output(1, {static_cast<std::int64_t>(points)});
    if (!call.ok()) return;
    const CastParameters parameters(type, points);
    LaneSums sums(parameters.width());
    gradient_of[parameters.kind](parameters, x.data, dy.data, dx, sums, x.length);
    const std::vector<double> positions = gather(sums.totals, points, parameters.rounding.factor);
    for (std::size_t point = 0; point < points; point++)
      dp[point] = static_cast<float>(positions[point] * parameters.steps[point]);
  }
};

const Registration<Cast> castRegistration({"QfxCast", {"x: float", "cast: float"}, {"y: float"}, {}});
const Registration<CastGradient> gradientRegistration(
    {"QfxCastGrad", {"x: float", "dy: float", "cast: float"}, {"dx: float", "dp: float"}, {}});

}  // namespace
}  // namespace qfx
