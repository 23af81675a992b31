// Pooling over valid taps, and its gradients: src/autograd/kernels/pooling.ts says what they compute.
#include <limits>

#include "window.h"

namespace qfx {
namespace {

/** The shape of an image like `shape` with other sizes. */
std::vector<std::int64_t> resized(std::vector<std::int64_t> shape, std::int32_t height, std::int32_t width) {
  shape[1] = height;
  shape[2] = width;
  return shape;
}

/** x -> sums over windows, added in doubles */
struct SumPool {
  const Window window;

  explicit SumPool(Attributes& attributes) : window(attributes) {}

  void run(Call& call) const {
    const Input x = call.input(0);
    if (!call.ok()) return;
    const std::vector<std::int64_t> shape = x.shape();
    float* y = call.output(0, resized(shape, window.outputHeight, window.outputWidth));
    if (!call.ok()) return;
    const std::size_t channels = static_cast<std::size_t>(shape[3]);
    std::vector<double> sums(window.outputPixels() * channels);
    for (std::int64_t image = 0; image < shape[0]; image++) {
      const float* from = x.data + image * window.inputPixels() * channels;
      std::fill(sums.begin(), sums.end(), 0.0);
      window.forEachTap([&](std::size_t input, std::size_t output, std::size_t) {
        for (std::size_t channel = 0; channel < channels; channel++) {
          sums[output * channels + channel] += from[input * channels + channel];
        }
      });
      std::copy(sums.begin(), sums.end(), y + image * sums.size());
    }
  }
};

/** dy -> dx, each element added to all of its window */
struct SumPoolGradient {
  const Window window;

  explicit SumPoolGradient(Attributes& attributes) : window(attributes) {}

  void run(Call& call) const {
    const Input dy = call.input(0);
    if (!call.ok()) return;
    const std::vector<std::int64_t> shape = dy.shape();
    float* dx = call.output(0, resized(shape, window.inputHeight, window.inputWidth));
    if (!call.ok()) return;
    const std::size_t channels = static_cast<std::size_t>(shape[3]);
    const std::size_t size = window.inputPixels() * channels;
    std::fill(dx, dx + shape[0] * size, 0.0f);
    for (std::int64_t image = 0; image < shape[0]; image++) {
      const float* from = dy.data + image * window.outputPixels() * channels;
      float* to = dx + image * size;
      window.forEachTap([&](std::size_t input, std::size_t output, std::size_t) {
        for (std::size_t channel = 0; channel < channels; channel++) {
          to[input * channels + channel] += from[output * channels + channel];
        }
      });
    }
  }
};

/** Calls visit(image, output element, position of its largest input element): the first of equals, -1 where all are NaN. */
template <typename Visit>
void forEachLargest(const Window& window, const Input& x, const Visit& visit) {
  const std::vector<std::int64_t> shape = x.shape();
  const std::size_t channels = static_cast<std::size_t>(shape[3]);
  const std::size_t outputs = window.outputPixels() * channels;
  std::vector<float> largest(outputs);
  std::vector<std::int64_t> positions(outputs);
  for (std::int64_t image = 0; image < shape[0]; image++) {
    const float* from = x.data + image * window.inputPixels() * channels;
    std::fill(largest.begin(), largest.end(), -std::numeric_limits<float>::infinity());
    std::fill(positions.begin(), positions.end(), -1);
    window.forEachTap([&](std::size_t input, std::size_t output, std::size_t) {
      for (std::size_t channel = 0; channel < channels; channel++) {
        const float value = from[input * channels + channel];
        const bool isLarger = value > largest[output * channels + channel];
        largest[output * channels + channel] = isLarger ? value : largest[output * channels + channel];
        std::int64_t& position = positions[output * channels + channel];
        position = isLarger ? static_cast<std::int64_t>(input * channels + channel) : position;
      }
    });
    for (std::size_t output = 0; output < outputs; output++) visit(image, output, positions[output]);
  }
}

/** x -> largest value of each window */
struct MaxPool {
  const Window window;

  explicit MaxPool(Attributes& attributes) : window(attributes) {}

  void run(Call& call) const {
    const Input x = call.input(0);
    if (!call.ok()) return;
    const std::vector<std::int64_t> shape = resized(x.shape(), window.outputHeight, window.outputWidth);
    float* y = call.output(0, shape);
    if (!call.ok()) return;
    const std::size_t inputs = window.inputPixels() * shape[3];
    const std::size_t outputs = window.outputPixels() * shape[3];
    forEachLargest(window, x, [&](std::int64_t image, std::size_t output, std::int64_t position) {
      y[image * outputs + output] =
          position < 0 ? -std::numeric_limits<float>::infinity() : x.data[image * inputs + position];
    });
  }
};

/** dy, x -> dx */
struct MaxPoolGradient {
  const Window window;

  explicit MaxPoolGradient(Attributes& attributes) : window(attributes) {}

  void run(Call& call) const {
    const Input dy = call.input(0);
    const Input x = call.input(1);
    if (!call.ok()) return;
    float* dx = call.output(0, x.shape());
    if (!call.ok()) return;
    const std::size_t channels = static_cast<std::size_t>(x.shape()[3]);
    const std::size_t inputs = window.inputPixels() * channels;
    const std::size_t outputs = window.outputPixels() * channels;
    std::fill(dx, dx + x.length, 0.0f);
    forEachLargest(window, x, [&](std::int64_t image, std::size_t output, std::int64_t position) {
      if (position >= 0) dx[image * inputs + position] += dy.data[image * outputs + output];
    });
  }
};

const Registration<SumPool> sumRegistration({"QfxSumPool", {"x: float"}, {"y: float"}, {windowAttribute}});
const Registration<SumPoolGradient> sumGradientRegistration(
    {"QfxSumPoolGrad", {"dy: float"}, {"dx: float"}, {windowAttribute}});
const Registration<MaxPool> maxRegistration({"QfxMaxPool", {"x: float"}, {"y: float"}, {windowAttribute}});
const Registration<MaxPoolGradient> maxGradientRegistration(
    {"QfxMaxPoolGrad", {"dy: float", "x: float"}, {"dx: float"}, {windowAttribute}});

}  // namespace
}  // namespace qfx
