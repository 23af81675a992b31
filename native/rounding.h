// The fixed-point cast of one float32, for the inside of loops: exact where src/autograd/kernels/cast-table.ts says that
// float32 lanes are, with the numbers that src/autograd/kernels/native/cast.ts puts into a tensor.
#ifndef QFX_NATIVE_ROUNDING_H
#define QFX_NATIVE_ROUNDING_H

#include <cmath>

#include "kernel.h"

namespace qfx {

/** What is compiled apart: no cast, AP_RND that saturates, and everything else. */
enum Kind { NONE, PLAIN, GENERAL };

/** A cast without its binary points. */
struct Rounding {
  float minimum;
  float maximum;
  float isPlain;
  /** From which distance on the nearest integer (ties to even) becomes one more or one less, for values below and above 0. */
  float moreBelow;
  float moreAbove;
  float lessBelow;
  float lessAbove;
  float isZeroOutside;
  /** A ReLU in front: values are clipped to [low, high], and have a slope in [passLow, passHigh]. */
  float low;
  float high;
  float passLow;
  float passHigh;
  /** Of the gradient of the binary point: ln 2 times the scale of what is trained. */
  float factor;
};
constexpr std::size_t roundingFields = sizeof(Rounding) / sizeof(float);

template <Kind kind>
QFX_INLINE float clip(const Rounding& r, float value) {
  if (kind == NONE) return value;
  value = value < r.low ? r.low : value;
  return value > r.high ? r.high : value;
}

/** The raw integer next to a scaled value, before its overflow. */
template <Kind kind>
QFX_INLINE float nearest(const Rounding& r, float scaled) {
  const float raw = __builtin_rintf(scaled);
  const float distance = scaled - raw;
  if (kind == PLAIN) return raw + (distance >= 0.5f ? 1.0f : 0.0f);
  const float more = distance >= (scaled < 0 ? r.moreBelow : r.moreAbove) ? 1.0f : 0.0f;
  const float less = -distance >= (scaled < 0 ? r.lessBelow : r.lessAbove) ? 1.0f : 0.0f;
  return raw + more - less;
}

/** The raw integer of the range next to another; NaN stays NaN. */
QFX_INLINE float saturate(const Rounding& r, float raw) {
  const float raised = raw < r.minimum ? r.minimum : raw;
  return raised > r.maximum ? r.maximum : raised;
}

/** What becomes of a raw integer that saturates to another one; NaN is one, and stays NaN. */
template <Kind kind>
QFX_INLINE float outside(const Rounding& r, float saturated) {
  return kind == GENERAL && r.isZeroOutside != 0 ? saturated * 0.0f : saturated;
}

/** The cast; adding 0 turns -0 into 0. */
template <Kind kind>
QFX_INLINE float round(const Rounding& r, float value, float scale, float step) {
  if (kind == NONE) return value;
  const float raw = nearest<kind>(r, clip<kind>(r, value) * scale);
  const float saturated = saturate(r, raw);
  return (saturated == raw ? saturated : outside<kind>(r, saturated)) * step + 0.0f;
}

/** What a cast lets pass of a gradient. */
struct Passed {
  /** dy or 0 */
  float gradient;
  /** dy times the derivative of the cast by its binary point, without `factor`. */
  float position;
};

template <Kind kind>
QFX_INLINE Passed pass(const Rounding& r, float value, float dy, float scale, float step) {
  if (kind == NONE) return {dy, 0.0f};
  const float clipped = clip<kind>(r, value);
  const float raw = nearest<kind>(r, clipped * scale);
  const float saturated = saturate(r, raw);
  // What compares false with everything, NaN, is inside. Joined by &, since loops with jumps are not vectorised.
  const bool isInside = !(raw < r.minimum) & !(raw > r.maximum);
  const bool passes = isInside & !(value < r.passLow) & !(value > r.passHigh);
  const float error = isInside ? clipped - saturated * step : -outside<kind>(r, saturated) * step;
  return {passes ? dy : 0.0f, dy * error};
}

/** A cast as an input brings it: an empty tensor for none, else the fields of `Rounding` and the binary points. */
struct CastParameters {
  Kind kind = NONE;
  Rounding rounding = {};
  /** Number of binary points. */
  std::size_t points = 1;
  /** 2^F and 2^-F a lane. */
  std::vector<float> scales;
  std::vector<float> steps;

  /** @param channels of the data; the binary points are one, or as many */
  CastParameters(const Input& input, std::size_t channels) : scales(laneCount(channels), 1), steps(scales) {
    if (input.length <= roundingFields) return;
    rounding = *reinterpret_cast<const Rounding*>(input.data);
    kind = rounding.isPlain != 0 ? PLAIN : GENERAL;
    points = input.length - roundingFields;
    for (std::size_t point = 0; point < points; point++) {
      const int binaryPoint = static_cast<int>(input.data[roundingFields + point]);
      scales[point] = std::ldexp(1.0f, binaryPoint);
      steps[point] = std::ldexp(1.0f, -binaryPoint);
    }
    for (std::size_t lane = points; lane < scales.size(); lane++) {
      scales[lane] = scales[lane - points];
      steps[lane] = steps[lane - points];
    }
  }

  std::size_t width() const { return scales.size(); }
};

// Three functions from a template over `Kind`: QFX_KINDS(name, (parameters), (arguments)) makes name_NONE, name_PLAIN and
// name_GENERAL out of name<kind>, and name_of, which lists them in the order of `Kind`.
#define QFX_KINDS(name, parameters, arguments)                              \
  QFX_VECTORIZED void name##_NONE parameters { name<NONE> arguments; }       \
  QFX_VECTORIZED void name##_PLAIN parameters { name<PLAIN> arguments; }     \
  QFX_VECTORIZED void name##_GENERAL parameters { name<GENERAL> arguments; } \
  void(*const name##_of[]) parameters = {name##_NONE, name##_PLAIN, name##_GENERAL};

}  // namespace qfx

#endif
