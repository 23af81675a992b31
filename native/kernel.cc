#include "kernel.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <unordered_set>

// Since Linux 6.1; older systems refuse it.
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

namespace qfx {

namespace {

/** Registration happens while the library is loaded, where nobody could catch an exception. */
void require(const Status& status, const char* name) {
  if (TF_GetCode(status.get()) == TF_OK) return;
  std::fprintf(stderr, "QFX: operation %s cannot be registered: %s\n", name, TF_Message(status.get()));
  std::abort();
}

}  // namespace

void preferLargePages(const void* data, std::size_t bytes) {
  constexpr std::uintptr_t pageSize = std::uintptr_t{2} << 20;
  if (bytes < pageSize) return;
  static std::mutex mutex;
  static std::unordered_set<std::uintptr_t> known;
  const std::uintptr_t start = reinterpret_cast<std::uintptr_t>(data);
  const std::lock_guard<std::mutex> lock(mutex);
  for (std::uintptr_t page = start / pageSize * pageSize; page < start + bytes; page += pageSize) {
    if (!known.insert(page).second) continue;
    // Only advice: where the system does not take it, small pages do.
    void* address = reinterpret_cast<void*>(page);
    if (madvise(address, pageSize, MADV_HUGEPAGE) == 0) madvise(address, pageSize, MADV_COLLAPSE);
  }
}

void registerKernel(const Signature& signature, Create create, Compute compute, Destroy destroy) {
  const Status status(TF_NewStatus());
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(signature.name);
  for (const char* input : signature.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : signature.outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  for (const char* attribute : signature.attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, &TF_ShapeInferenceContextSetUnknownShape);
  TF_RegisterOpDefinition(definition, status.get());
  require(status, signature.name);
  TF_KernelBuilder* builder = TF_NewKernelBuilder(signature.name, "CPU", create, compute, destroy);
  TF_RegisterKernelBuilder(signature.name, builder, status.get());
  require(status, signature.name);
}

}  // namespace qfx
