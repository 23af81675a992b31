// What a simulation found, as text for people and as a file for tools.
#ifndef QFX_TESTBENCH_REPORT_H
#define QFX_TESTBENCH_REPORT_H

#include <cstdio>
#include <string>
#include <vector>

namespace qfx {
namespace testbench {

struct counts {
  long long values = 0, mismatches = 0;
};

/** One value that isn't what it should be. */
struct mismatch {
  const char* kind = "";  // layer or output
  int stream = -1;        // index of the layer or output port
  long image = 0, index = 0;
  std::string expected, actual;
};

/** Everything that a tool may want to know. `problem` is empty when the comparison was completed. */
struct report {
  long first = 0, images = 0;
  long hardware_loops = 0;  // images for which layers ran the hardware's loops
  std::vector<counts> layers, outputs;
  mismatch first_mismatch;
  std::string problem;
};

/** A JSON string; the texts are file names and plain words. */
inline std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char character : text) {
    if (character == '"' || character == '\\') result += '\\';
    result += static_cast<unsigned char>(character) < 32 ? ' ' : character;
  }
  return result + '"';
}

inline void print_counts(std::FILE* file, const char* name, const std::vector<counts>& streams) {
  std::fprintf(file, "  \"%s\": [", name);
  for (std::size_t k = 0; k < streams.size(); ++k) {
    std::fprintf(file, "%s[%lld, %lld]", k == 0 ? "" : ", ", streams[k].values, streams[k].mismatches);
  }
  std::fprintf(file, "],\n");
}

/** Writes the report as JSON; `complete` is its last key. False when the file can't be written. */
inline bool write_report(const std::string& path, const report& report) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  std::fprintf(file, "{\n  \"first\": %ld,\n  \"images\": %ld,\n  \"hardwareLoops\": %ld,\n", report.first, report.images,
               report.hardware_loops);
  print_counts(file, "layers", report.layers);
  print_counts(file, "outputs", report.outputs);
  const mismatch& found = report.first_mismatch;
  if (found.stream >= 0) {
    std::fprintf(file, "  \"firstMismatch\": {\"kind\": \"%s\", \"stream\": %d,", found.kind, found.stream);
    std::fprintf(file, " \"image\": %ld, \"index\": %ld,", found.image, found.index);
    std::fprintf(file, " \"expected\": \"%s\", \"actual\": \"%s\"},\n", found.expected.c_str(), found.actual.c_str());
  }
  std::fprintf(file, "  \"problem\": %s,\n  \"complete\": true\n}\n", quoted(report.problem).c_str());
  const bool written = std::ferror(file) == 0;
  return std::fclose(file) == 0 && written;
}

}  // namespace testbench
}  // namespace qfx

#endif
