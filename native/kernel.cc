#include "kernel.h"

#include <cstdio>
#include <cstdlib>

namespace qfx {

namespace {

/** Registration happens while the library is loaded, where nobody could catch an exception. */
void require(const Status& status, const char* name) {
  if (TF_GetCode(status.get()) == TF_OK) return;
  std::fprintf(stderr, "QFX: operation %s cannot be registered: %s\n", name, TF_Message(status.get()));
  std::abort();
}

}  // namespace

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
