// The word that travels between layers: LANES consecutive channels of one pixel.
//
// A tensor [height, width, channels] is sent row by row, pixel by pixel, and within a pixel as channels / LANES
// words in ascending order of channels. LANES divides the number of channels. A tensor [channels] is one pixel.
#ifndef QFX_VECTOR_H
#define QFX_VECTOR_H

namespace qfx {

template <class T, int LANES>
struct vector {
  static_assert(LANES >= 1, "a word carries at least one value");
  using value_type = T;
  static constexpr int lanes = LANES;

  T data[LANES];

  T& operator[](int lane) { return data[lane]; }
  const T& operator[](int lane) const { return data[lane]; }
};

}  // namespace qfx

#endif
