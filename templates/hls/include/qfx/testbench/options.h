// Command line of the testbench.
#ifndef QFX_TESTBENCH_OPTIONS_H
#define QFX_TESTBENCH_OPTIONS_H

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "loops.h"

namespace qfx {
namespace testbench {

enum exit_status { exit_success = 0, exit_mismatch = 1, exit_failure = 2 };

/** Ends the process at once: after a failure nothing can be trusted, destructors included. */
[[noreturn]] inline void quit(int status) {
  std::fflush(nullptr);
  std::_Exit(status);
}

/** RTL co-simulation runs synthesised code, in which there are no taps. */
#if defined(__RTL_SIMULATION__) || (defined(__HLS_COSIM__) && !defined(__HLS_CSIM__))
constexpr bool has_taps = false;
#else
constexpr bool has_taps = true;
#endif

constexpr long all_images = LONG_MAX;

struct options {
  std::string vectors;                // folder of the test vectors; found near the working folder when not given
  std::string report;                 // continue after mismatches and write what was found to this file
  std::string outputs;                // folder for the raw outputs, one file a port
  long first = 0;                     // first image
  long images = -1;                   // number of images, -1 for all from the first on
  bool outputs_only = !has_taps;      // compare the outputs only
  long hardware_loops = has_choice_of_loops ? 16 : all_images;  // so many images run the hardware's loops, the first
};

constexpr const char* usage =
    "usage: testbench [options]\n"
    "Feeds test images through the network and compares raw integers with the expected ones. Stops at the first mismatch,\n"
    "unless a report is wanted. Exit status: 0 equal, 1 mismatch, 2 the comparison could not be completed.\n"
    "  --vectors <folder>   folder of vectors.txt (default: vectors or testbench/vectors here or in a folder above)\n"
    "  --report <file>      continue after mismatches, write counts per layer to this file, print progress\n"
    "  --outputs <folder>   write the raw outputs, one file a port, to this folder\n"
    "  --first <n>          first image (default 0)\n"
    "  --images <n>         number of images (default: all)\n"
    "  --outputs-only       compare outputs, not the layers inside (RTL co-simulation has no taps)\n"
    "  --hardware-loops <n> sum products by the hardware's loops for the first n images, or all, and for the others in a\n"
    "                       faster order (default 16; all where there is no other order, as with AMD's headers)\n"
    "  --help               show this\n";

[[noreturn]] inline void refuse(const std::string& message) {
  std::fprintf(stderr, "testbench: %s\n%s", message.c_str(), usage);
  quit(exit_failure);
}

inline long parse_count(const char* option, const char* text, const char* allowed = "a number") {
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (end == text || *end != '\0' || value < 0) {
    refuse(std::string(option) + " takes " + allowed + ", found: " + text);
  }
  return value;
}

inline long parse_hardware_loops(const std::string& text) {
  if (text == "all") return all_images;
  const long images = parse_count("--hardware-loops", text.c_str(), "a number or all");
  if (!has_choice_of_loops) refuse("--hardware-loops " + text + ": this program has the hardware's loops alone");
  return images;
}

inline options parse_options(int argc, char** argv) {
  options result;
  for (int k = 1; k < argc; ++k) {
    const std::string option = argv[k];
    if (option == "--help") {
      std::printf("%s", usage);
      quit(exit_success);
    }
    if (option == "--outputs-only") {
      result.outputs_only = true;
      continue;
    }
    std::string* const text = option == "--vectors"   ? &result.vectors
                              : option == "--report"  ? &result.report
                              : option == "--outputs" ? &result.outputs
                                                      : nullptr;
    long* const count = option == "--first"            ? &result.first
                        : option == "--images"         ? &result.images
                        : option == "--hardware-loops" ? &result.hardware_loops
                                                       : nullptr;
    if (text == nullptr && count == nullptr) refuse("unknown option " + option);
    if (++k == argc) refuse(option + " takes a value");
    if (text != nullptr) *text = argv[k];
    if (count == &result.hardware_loops) {
      result.hardware_loops = parse_hardware_loops(argv[k]);
    } else if (count != nullptr) {
      *count = parse_count(option.c_str(), argv[k]);
    }
  }
  return result;
}

}  // namespace testbench
}  // namespace qfx

#endif
