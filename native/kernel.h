// What the operations in this folder share: TensorFlow's C interface for operations and kernels
// (tensorflow/c/ops.h, tensorflow/c/kernels.h) with C++ in place of status codes and manual frees.
#ifndef QFX_NATIVE_KERNEL_H
#define QFX_NATIVE_KERNEL_H

#include <xmmintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"

// Loops are compiled for several processors, and the best is chosen where they run. None of them may contract a * b + c, so
// that all compute the same bits (-ffp-contract=off).
#define QFX_VECTORIZED __attribute__((target_clones("avx512f", "avx2", "default")))
#define QFX_INLINE inline __attribute__((always_inline))

namespace qfx {

struct StatusDeleter {
  void operator()(TF_Status* status) const { TF_DeleteStatus(status); }
};
struct TensorDeleter {
  void operator()(TF_Tensor* tensor) const { TF_DeleteTensor(tensor); }
};
using Status = std::unique_ptr<TF_Status, StatusDeleter>;
using Tensor = std::unique_ptr<TF_Tensor, TensorDeleter>;

/** Denormal numbers count in QFX's kernels; TensorFlow switches them off where it runs one. */
class WithDenormals {
 public:
  WithDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ & ~0x8040u); }
  ~WithDenormals() { _mm_setcsr(saved_); }

 private:
  const unsigned saved_;
};

/** A float32 input: its numbers, row-major. */
struct Input {
  Tensor tensor;
  const float* data;
  std::size_t length;

  std::vector<std::int64_t> shape() const {
    std::vector<std::int64_t> sizes(TF_NumDims(tensor.get()));
    for (std::size_t axis = 0; axis < sizes.size(); axis++) sizes[axis] = TF_Dim(tensor.get(), static_cast<int>(axis));
    return sizes;
  }
};

/**
 * Asks for pages of 2 MB where an output is that large: passes over it wait less for the addresses of its pages. The
 * tensors of a step come and go in the same memory, whoever makes them, so that TensorFlow's operations gain, too.
 */
void preferLargePages(const void* data, std::size_t bytes);

/** One run of a kernel. After a failure `ok` is false and nothing more may be asked for. */
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  ~Call() {
    if (!ok()) TF_OpKernelContext_Failure(context_, status_.get());
  }

  bool ok() const { return TF_GetCode(status_.get()) == TF_OK; }

  Input input(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_.get());
    if (!ok()) return {Tensor(), nullptr, 0};
    return {Tensor(tensor), static_cast<const float*>(TF_TensorData(tensor)),
            static_cast<std::size_t>(TF_TensorElementCount(tensor))};
  }

  /** Makes a float32 output; its memory holds anything. */
  float* output(int index, const std::vector<std::int64_t>& shape) {
    std::size_t length = 1;
    for (const std::int64_t size : shape) length *= static_cast<std::size_t>(size);
    outputs_.emplace_back(TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), static_cast<int>(shape.size()),
                                            length * sizeof(float), status_.get()));
    if (!ok()) return nullptr;
    void* data = TF_TensorData(outputs_.back().get());
    preferLargePages(data, length * sizeof(float));
    return static_cast<float*>(data);
  }

  void fail(const std::string& reason) { TF_SetStatus(status_.get(), TF_INVALID_ARGUMENT, reason.c_str()); }

 private:
  TF_OpKernelContext* context_;
  Status status_;
  std::vector<Tensor> outputs_;
};

/** Reads the attributes that a kernel was made with. */
class Attributes {
 public:
  explicit Attributes(TF_OpKernelConstruction* construction) : construction_(construction), status_(TF_NewStatus()) {}
  ~Attributes() {
    if (TF_GetCode(status_.get()) != TF_OK) TF_OpKernelConstruction_Failure(construction_, status_.get());
  }

  /** A list of so many whole numbers. */
  std::vector<std::int32_t> integers(const char* name, std::size_t count) {
    std::vector<std::int32_t> values(count);
    TF_OpKernelConstruction_GetAttrInt32List(construction_, name, values.data(), static_cast<int>(count),
                                             status_.get());
    return values;
  }

 private:
  TF_OpKernelConstruction* construction_;
  Status status_;
};

/** How an operation is written for TensorFlow: `name: type` for each. All of them have one kernel, on the processor. */
struct Signature {
  const char* name;
  std::initializer_list<const char*> inputs;
  std::initializer_list<const char*> outputs;
  std::initializer_list<const char*> attributes;
};

using Create = void* (*)(TF_OpKernelConstruction*);
using Compute = void (*)(void*, TF_OpKernelContext*);
using Destroy = void (*)(void*);

void registerKernel(const Signature& signature, Create create, Compute compute, Destroy destroy);

/**
 * Registers an operation when the library is loaded. `Kernel` is made from `Attributes` and has `void run(Call&) const`,
 * which runs with denormal numbers.
 */
template <typename Kernel>
struct Registration {
  explicit Registration(const Signature& signature) {
    registerKernel(
        signature,
        [](TF_OpKernelConstruction* construction) -> void* {
          Attributes attributes(construction);
          return new Kernel(attributes);
        },
        [](void* kernel, TF_OpKernelContext* context) {
          const WithDenormals withDenormals;
          Call call(context);
          static_cast<const Kernel*>(kernel)->run(call);
        },
        [](void* kernel) { delete static_cast<Kernel*>(kernel); });
  }
};

/** A kernel without attributes. */
struct Plain {
  explicit Plain(Attributes&) {}
};

/**
 * How many values a loop takes at once where parameters repeat along the last axis: a multiple of the `channels`
 * parameters, long enough for the loop to pay, short enough for the fastest memory.
 */
inline std::size_t laneCount(std::size_t channels) {
  constexpr std::size_t least = 512;
  return channels * ((least + channels - 1) / channels);
}

/** Parameters of channels, repeated over the lanes. */
inline std::vector<float> spread(const float* values, std::size_t channels) {
  std::vector<float> lanes(laneCount(channels));
  std::copy(values, values + channels, lanes.begin());
  for (std::size_t lane = channels; lane < lanes.size(); lane++) lanes[lane] = lanes[lane - channels];
  return lanes;
}

/** Sums of lanes: a few rows in float32, which are then added to doubles. */
struct LaneSums {
  std::vector<float> rows;
  std::vector<double> totals;

  explicit LaneSums(std::size_t width) : rows(width), totals(width) {}

  /** Adds the sums of rows to the totals, and starts new ones. */
  void flush() {
    for (std::size_t lane = 0; lane < rows.size(); lane++) totals[lane] += rows[lane];
    std::fill(rows.begin(), rows.end(), 0.0f);
  }
};

/** So many rows are added in float32. */
constexpr std::size_t rowsAtOnce = 16;

/** Adds up the lanes of each channel, in their order, times a factor. */
inline std::vector<double> gather(const std::vector<double>& lanes, std::size_t channels, double factor) {
  std::vector<double> sums(channels);
  for (std::size_t first = 0; first < lanes.size(); first += channels) {
    for (std::size_t channel = 0; channel < channels; channel++) sums[channel] += lanes[first + channel];
  }
  for (double& sum : sums) sum *= factor;
  return sums;
}

inline void gather(const std::vector<double>& lanes, std::size_t channels, double factor, float* result) {
  const std::vector<double> sums = gather(lanes, channels, factor);
  std::copy(sums.begin(), sums.end(), result);
}

}  // namespace qfx

#endif
