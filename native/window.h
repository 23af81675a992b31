// Windows that move over an image [N, H, W, C], with padding at its borders and gaps between their taps.
#ifndef QFX_NATIVE_WINDOW_H
#define QFX_NATIVE_WINDOW_H

#include "kernel.h"

namespace qfx {

/** All sizes, in the order in which src/autograd/kernels/native/window.ts writes them into the attribute "window". */
struct Window {
  std::int32_t inputHeight, inputWidth, outputHeight, outputWidth;
  std::int32_t height, width, strideHeight, strideWidth, dilationHeight, dilationWidth, padTop, padLeft;

  explicit Window(Attributes& attributes) {
    const std::vector<std::int32_t> sizes = attributes.integers("window", sizeof(Window) / sizeof(std::int32_t));
    std::copy(sizes.begin(), sizes.end(), &inputHeight);
  }

  std::size_t inputPixels() const { return static_cast<std::size_t>(inputHeight) * inputWidth; }
  std::size_t outputPixels() const { return static_cast<std::size_t>(outputHeight) * outputWidth; }

  /**
   * Calls visit(input pixel, output pixel, tap) for all that meet in one image, output pixels in row-major order and within
   * each its taps in row-major order.
   */
  template <typename Visit>
  void forEachTap(const Visit& visit) const {
    for (int row = 0; row < outputHeight; row++) {
      for (int column = 0; column < outputWidth; column++) {
        for (int tapRow = 0; tapRow < height; tapRow++) {
          const int inputRow = row * strideHeight - padTop + tapRow * dilationHeight;
          if (inputRow < 0 || inputRow >= inputHeight) continue;
          for (int tapColumn = 0; tapColumn < width; tapColumn++) {
            const int inputColumn = column * strideWidth - padLeft + tapColumn * dilationWidth;
            if (inputColumn < 0 || inputColumn >= inputWidth) continue;
            visit(static_cast<std::size_t>(inputRow) * inputWidth + inputColumn,
                  static_cast<std::size_t>(row) * outputWidth + column,
                  static_cast<std::size_t>(tapRow) * width + tapColumn);
          }
        }
      }
    }
  }
};

constexpr const char* windowAttribute = "window: list(int)";

}  // namespace qfx

#endif
