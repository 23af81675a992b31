// Compares every layer and output of a simulation with the expected values, raw integer by raw integer.
#ifndef QFX_TESTBENCH_CHECKER_H
#define QFX_TESTBENCH_CHECKER_H

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "qfx/tap.h"
#include "comparison.h"
#include "loops.h"
#include "manifest.h"
#include "options.h"
#include "report.h"
#include "vectors.h"

namespace qfx {
namespace testbench {

class checker : public tap_sink {
 public:
  checker(const options& options, const value_stream& input, const std::vector<value_stream>& layers,
          const std::vector<value_stream>& outputs)
      : options_(options), layers_(layers.size()), outputs_(outputs.size()) {
    for (std::size_t k = 0; k < layers.size(); ++k) layers_[k].stream = layers[k];
    for (std::size_t k = 0; k < outputs.size(); ++k) outputs_[k].stream = outputs[k];
    open(input);
    if (!options_.outputs_only) installed_tap_sink() = this;
  }

  long first() const { return options_.first; }
  long end() const { return options_.first + options_.images; }

  /** Reads the next image, and the values expected for it. */
  void begin_image(long image, std::vector<long long>& values) {
    image_ = image;
    const bool by_hardware_loops = image - first() < options_.hardware_loops;
    choose_loops(by_hardware_loops);
    if (by_hardware_loops) ++hardware_loops_;
    if (!input_.read(values)) fail("the input vectors can't be read");
    for (comparison& layer : layers_) {
      if (is_expected(layer) && !layer.begin_image()) fail(layer, "its expected values can't be read");
    }
    for (comparison& output : outputs_) {
      if (!output.begin_image()) fail(output, "its expected values can't be read");
    }
  }

  /** The next value of an output port. */
  void receive_output(int index, long long raw) {
    compare("output", outputs_[static_cast<std::size_t>(index)], index, &raw, 1);
  }

  /** All values must have been seen by now. */
  void end_image() {
    for (const comparison& layer : layers_) {
      if (options_.outputs_only || !is_expected(layer) || layer.is_complete()) continue;
      if (layer.position() == 0) fail(layer, "no tap reported its values (RTL co-simulation needs --outputs-only)");
      fail(layer, "its tap reported " + part(layer.position(), layer.stream.values_per_image) + " values");
    }
    for (const comparison& output : outputs_) {
      if (output.is_complete()) continue;
      fail(output, part(output.position(), output.stream.values_per_image) + " values came out");
    }
    const long done = image_ + 1 - first(), step = options_.images > 200 ? options_.images / 200 : 1;
    if (options_.report.empty() || (done % step != 0 && image_ + 1 != end())) return;
    std::printf("progress %ld %ld\n", done, options_.images);
    std::fflush(stdout);
  }

  /** Says what was compared. Returns the exit status. */
  int finish() {
    installed_tap_sink() = nullptr;
    const counts layers = sum(layers_), outputs = sum(outputs_);
    const long long values = layers.values + outputs.values, mismatches = layers.mismatches + outputs.mismatches;
    if (values == 0) fail("no values were compared");
    save_report("");
    std::printf("%ld images, %ld of them by the hardware's loops: ", options_.images, hardware_loops_);
    std::printf("%lld values compared (%lld of them inside the network), %lld mismatches\n", values, layers.values,
                mismatches);
    return mismatches == 0 ? exit_success : exit_mismatch;
  }

  /** Ends the simulation: what follows couldn't be trusted. */
  [[noreturn]] void fail(const std::string& problem) {
    const std::string message = (image_ < 0 ? "" : "image " + std::to_string(image_) + ": ") + problem;
    std::fprintf(stderr, "testbench: %s\n", message.c_str());
    save_report(message);
    quit(exit_failure);
  }

  bool wants(int layer) override { return is_expected(layers_[static_cast<std::size_t>(layer)]); }

  void receive(int layer, const long long* raw, int count) override {
    comparison& values = layers_[static_cast<std::size_t>(layer)];
    if (values.position() + count > values.stream.values_per_image) fail(values, "its tap reported more than one image");
    compare("layer", values, layer, raw, count);
  }

  void underflow(int layer, int found, int words) override {
    fail(layers_[static_cast<std::size_t>(layer)], "its stream ended after " + part(found, words) + " words");
  }

  void leftover(int layer, int words) override {
    fail(layers_[static_cast<std::size_t>(layer)], "its stream holds more than its " + std::to_string(words) + " words");
  }

 private:
  static std::string part(long found, long total) { return std::to_string(found) + " of " + std::to_string(total); }

  static counts sum(const std::vector<comparison>& streams) {
    counts result;
    for (const comparison& stream : streams) {
      result.values += stream.total.values;
      result.mismatches += stream.total.mismatches;
    }
    return result;
  }

  [[noreturn]] void fail(const comparison& stream, const std::string& problem) {
    fail(std::string("layer \"") + stream.stream.name + "\": " + problem);
  }

  /** Layers may have expected values for fewer images than the outputs. */
  bool is_expected(const comparison& layer) const { return image_ < layer.file.images(); }

  void compare(const char* kind, comparison& values, int index, const long long* raw, int count) {
    mismatch found;
    if (values.compare(raw, count, found) || first_mismatch_.stream >= 0) return;
    found.kind = kind;
    found.stream = index;
    found.image = image_;
    first_mismatch_ = found;
    std::fprintf(stderr, "MISMATCH: %s \"%s\", image %ld, index %ld: expected %s, actual %s\n",
                 std::string(kind) == "output" ? "output of layer" : "layer", values.stream.name, image_, found.index,
                 found.expected.c_str(), found.actual.c_str());
    if (options_.report.empty()) quit(exit_mismatch);
  }

  void save_report(const std::string& problem) {
    if (options_.report.empty()) return;
    report found;
    found.first = options_.first;
    found.images = options_.images;
    found.hardware_loops = hardware_loops_;
    for (const comparison& layer : layers_) found.layers.push_back(layer.total);
    for (const comparison& output : outputs_) found.outputs.push_back(output.total);
    found.first_mismatch = first_mismatch_;
    found.problem = problem;
    if (write_report(options_.report, found)) return;
    std::fprintf(stderr, "testbench: the report can't be written to %s\n", options_.report.c_str());
    quit(exit_failure);
  }

  void open(const value_stream& input) {
    std::vector<listed_stream> streams{{"input", 0, input, &input_}};
    for (std::size_t k = 0; k < layers_.size(); ++k) {
      streams.push_back({"layer", static_cast<int>(k), layers_[k].stream, &layers_[k].file});
    }
    for (std::size_t k = 0; k < outputs_.size(); ++k) {
      streams.push_back({"output", static_cast<int>(k), outputs_[k].stream, &outputs_[k].file});
    }
    const std::string folder = options_.vectors.empty() ? find_vectors() : options_.vectors;
    if (folder.empty()) fail("no test vectors found here or in a folder above; name their folder with --vectors");
    long images = 0;
    const std::string problem = open_vectors(folder, options_.first, streams, images);
    if (!problem.empty()) fail(problem);
    if (options_.images < 0) options_.images = images > first() ? images - first() : 0;
    if (end() > images) fail("image " + std::to_string(end() - 1) + " wanted, there are " + std::to_string(images));
  }

  options options_;
  vector_file input_;
  std::vector<comparison> layers_, outputs_;
  mismatch first_mismatch_;
  long image_ = -1;
  long hardware_loops_ = 0;  // images for which layers ran the hardware's loops
};

}  // namespace testbench
}  // namespace qfx

#endif
