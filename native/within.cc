// The gradient of functions that are the identity within bounds and constant outside: src/autograd/kernels/within.ts.
#include "kernel.h"

namespace qfx {
namespace {

QFX_VECTORIZED void pass(const float* __restrict x, const float* __restrict dy, float* __restrict dx, float lower,
                         float upper, std::size_t length) {
  for (std::size_t index = 0; index < length; index++) {
    dx[index] = x[index] >= lower && x[index] <= upper ? dy[index] : 0.0f;
  }
}

/** x, dy, bounds [2] -> dx */
struct WithinGradient : Plain {
  using Plain::Plain;

  void run(Call& call) const {
    const Input x = call.input(0);
    const Input dy = call.input(1);
    const Input bounds = call.input(2);
    if (!call.ok()) return;
    float* dx = call.output(0, x.shape());
    if (!call.ok()) return;
    pass(x.data, dy.data, dx, bounds.data[0], bounds.data[1], x.length);
  }
};

const Registration<WithinGradient> registration(
    {"QfxWithinGrad", {"x: float", "dy: float", "bounds: float"}, {"dx: float"}, {}});

}  // namespace
}  // namespace qfx
