// The fixed-point cast of one float32, for the inside of loops: exact where src/autograd/kernels/cast-table.ts says that
// float32 lanes are, with the numbers that src/autograd/kernels/native/cast.ts puts into a tensor.
#ifndef QFX_NATIVE_ROUNDING_H
#define QFX_NATIVE_ROUNDING_H

#include <cmath>

#include "kernel.h"

namespace qfx {

/**
 * What is compiled apart: no cast; AP_RND that saturates, of at most 23 bits; the same behind a ReLU that does not end; and
 * everything else.
 */
enum Kind { NONE, PLAIN, RELU, GENERAL };

/** A cast without its binary points. */
struct Rounding {
  float minimum;
  float maximum;
  /** As `Kind` counts them. */
  float kind;
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

/** What a ReLU in front leaves, in units of the last bit; NaN stays NaN. */
template <Kind kind>
QFX_INLINE float scaled(const Rounding& r, float value, float scale) {
  if (kind == RELU) {
    // Its lower end is 0, but a constant, or a comparison as for the slope below, would become a jump.
    value *= scale;
    return value < r.low ? r.low : value;
  }
  if (kind == GENERAL) {
    value = value < r.low ? r.low : value;
    value = value > r.high ? r.high : value;
  }
  return value * scale;
}

/** The largest number below 1/2: added to a number with that fraction, it does not reach the next integer. */
constexpr float belowHalf = 0.49999997f;

/** The raw integer next to a scaled value, before its overflow. */
template <Kind kind>
QFX_INLINE float nearest(const Rounding& r, float value) {
  // AP_RND in one addition, as assembly/rounding.ts explains it; never -0.
  if (kind == RELU) return __builtin_floorf(value + belowHalf);
  if (kind == PLAIN) return __builtin_floorf(value + (value < 0 ? 0.5f : belowHalf));
  const float raw = __builtin_rintf(value);
  const float distance = value - raw;
  const float more = distance >= (value < 0 ? r.moreBelow : r.moreAbove) ? 1.0f : 0.0f;
  const float less = -distance >= (value < 0 ? r.lessBelow : r.lessAbove) ? 1.0f : 0.0f;
  // Adding 0 turns -0 into 0.
  return raw + more - less + 0.0f;
}

/** The raw integer of the range next to another; NaN stays NaN. */
template <Kind kind>
QFX_INLINE float saturate(const Rounding& r, float raw) {
  const float raised = kind == RELU ? raw : raw < r.minimum ? r.minimum : raw;
  return raised > r.maximum ? r.maximum : raised;
}

/** Whether a raw integer is its own saturated one; NaN is. */
QFX_INLINE bool isWithin(float raw, float saturated) { return !std::islessgreater(raw, saturated); }

/** What becomes of a raw integer that saturates to another one. */
template <Kind kind>
QFX_INLINE float outside(const Rounding& r, float saturated) {
  return kind == GENERAL && r.isZeroOutside != 0 ? 0.0f : saturated;
}

/** The cast. */
template <Kind kind>
QFX_INLINE float round(const Rounding& r, float value, float scale, float step) {
  if (kind == NONE) return value;
  const float raw = nearest<kind>(r, scaled<kind>(r, value, scale));
  const float saturated = saturate<kind>(r, raw);
  return (isWithin(raw, saturated) ? saturated : outside<kind>(r, saturated)) * step;
}

/** What a cast lets pass of a gradient. */
struct Passed {
  /** dy or 0 */
  float gradient;
  /** dy times the derivative of the cast by its binary point, without `factor`, in units of the last bit. */
  float position;
};

template <Kind kind>
QFX_INLINE Passed pass(const Rounding& r, float value, float dy, float scale) {
  if (kind == NONE) return {dy, 0.0f};
  const float exact = scaled<kind>(r, value, scale);
  const float raw = nearest<kind>(r, exact);
  const float saturated = saturate<kind>(r, raw);
  // What compares false with everything, NaN, is inside. Joined by &, since loops with jumps are not vectorised.
  const bool isInside = isWithin(raw, saturated);
  const bool passes = kind == PLAIN ? isInside : isInside & !(value < r.passLow) & !(value > r.passHigh);
  const float error = (isInside ? exact : 0.0f) - (isInside ? saturated : outside<kind>(r, saturated));
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
    kind = static_cast<Kind>(static_cast<int>(rounding.kind));
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

// Functions from a template over `Kind`: QFX_KINDS(name, (parameters), (arguments)) makes name_NONE, name_PLAIN, name_RELU and
// name_GENERAL out of name<kind>, and name_of, which lists them in the order of `Kind`.
#define QFX_KINDS(name, parameters, arguments)                               \
  QFX_VECTORIZED void name##_NONE parameters { name<NONE> arguments; }       \
  QFX_VECTORIZED void name##_PLAIN parameters { name<PLAIN> arguments; }     \
  QFX_VECTORIZED void name##_RELU parameters { name<RELU> arguments; }       \
  QFX_VECTORIZED void name##_GENERAL parameters { name<GENERAL> arguments; } \
  void(*const name##_of[]) parameters = {name##_NONE, name##_PLAIN, name##_RELU, name##_GENERAL};

}  // namespace qfx

#endif
