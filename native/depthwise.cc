// Depthwise convolution and its gradients, for every stride, dilation and padding. Output channel c * M + m belongs to input
// channel c.
#include "window.h"

namespace qfx {
namespace {

/** x [N, H, W, C], filter [kh, kw, C, M] -> y [N, Oh, Ow, C * M] */
struct Depthwise {
  const Window window;

  explicit Depthwise(Attributes& attributes) : window(attributes) {}

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input filter = call.input(1);
    if (!call.ok()) return;
    const std::vector<std::int64_t> shape = x.shape();
    const std::size_t inputs = static_cast<std::size_t>(shape[3]);
    const std::size_t multiplier = static_cast<std::size_t>(filter.shape()[3]);
    const std::size_t outputs = inputs * multiplier;
    float* y = call.output(0, {shape[0], window.outputHeight, window.outputWidth, static_cast<std::int64_t>(outputs)});
    if (!call.ok()) return;
    std::fill(y, y + shape[0] * window.outputPixels() * outputs, 0.0f);
    for (std::int64_t image = 0; image < shape[0]; image++) {
      const float* from = x.data + image * window.inputPixels() * inputs;
      float* to = y + image * window.outputPixels() * outputs;
      window.forEachTap([&](std::size_t input, std::size_t output, std::size_t tap) {
        const float* weights = filter.data + tap * outputs;
        for (std::size_t channel = 0; channel < inputs; channel++) {
          for (std::size_t each = channel * multiplier; each < (channel + 1) * multiplier; each++) {
            to[output * outputs + each] += weights[each] * from[input * inputs + channel];
          }
        }
      });
    }
  }
};

/** x, dy -> gradient of the filter; sums are doubles */
struct DepthwiseFilterGradient {
  const Window window;

  explicit DepthwiseFilterGradient(Attributes& attributes) : window(attributes) {}

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input dy = call.input(1);
    if (!call.ok()) return;
    const std::size_t inputs = static_cast<std::size_t>(x.shape()[3]);
    const std::size_t outputs = static_cast<std::size_t>(dy.shape()[3]);
    const std::size_t multiplier = outputs / inputs;
    float* dw = call.output(0, {window.height, window.width, static_cast<std::int64_t>(inputs),
                                static_cast<std::int64_t>(multiplier)});
    if (!call.ok()) return;
    std::vector<double> sums(static_cast<std::size_t>(window.height) * window.width * outputs);
    for (std::int64_t image = 0; image < x.shape()[0]; image++) {
      const float* from = x.data + image * window.inputPixels() * inputs;
      const float* gradients = dy.data + image * window.outputPixels() * outputs;
      window.forEachTap([&](std::size_t input, std::size_t output, std::size_t tap) {
        double* target = sums.data() + tap * outputs;
        for (std::size_t channel = 0; channel < inputs; channel++) {
          const double value = from[input * inputs + channel];
          for (std::size_t each = channel * multiplier; each < (channel + 1) * multiplier; each++) {
            target[each] += value * gradients[output * outputs + each];
          }
        }
      });
    }
    std::copy(sums.begin(), sums.end(), dw);
  }
};

/** dy, filter -> dx */
struct DepthwiseInputGradient {
  const Window window;

  explicit DepthwiseInputGradient(Attributes& attributes) : window(attributes) {}

  void run(Call& call) const {
    const Input dy = call.input(0);
    const Input filter = call.input(1);
    if (!call.ok()) return;
    const std::vector<std::int64_t> filterShape = filter.shape();
    const std::size_t inputs = static_cast<std::size_t>(filterShape[2]);
    const std::size_t multiplier = static_cast<std::size_t>(filterShape[3]);
    const std::size_t outputs = inputs * multiplier;
    const std::int64_t images = dy.shape()[0];
    float* dx = call.output(0, {images, window.inputHeight, window.inputWidth, filterShape[2]});
    if (!call.ok()) return;
    std::fill(dx, dx + images * window.inputPixels() * inputs, 0.0f);
    for (std::int64_t image = 0; image < images; image++) {
      const float* gradients = dy.data + image * window.outputPixels() * outputs;
      float* to = dx + image * window.inputPixels() * inputs;
      window.forEachTap([&](std::size_t input, std::size_t output, std::size_t tap) {
        const float* weights = filter.data + tap * outputs;
        for (std::size_t channel = 0; channel < inputs; channel++) {
          for (std::size_t each = channel * multiplier; each < (channel + 1) * multiplier; each++) {
            to[input * inputs + channel] += weights[each] * gradients[output * outputs + each];
          }
        }
      });
    }
  }
};

const Registration<Depthwise> forwardRegistration(
    {"QfxDepthwise", {"x: float", "filter: float"}, {"y: float"}, {windowAttribute}});
const Registration<DepthwiseFilterGradient> filterRegistration(
    {"QfxDepthwiseFilterGrad", {"x: float", "dy: float"}, {"dw: float"}, {windowAttribute}});
const Registration<DepthwiseInputGradient> inputRegistration(
    {"QfxDepthwiseInputGrad", {"dy: float", "filter: float"}, {"dx: float"}, {windowAttribute}});

}  // namespace
}  // namespace qfx
