// The machinery of a project's testbench: puts images into the network, takes the outputs from it, compares everything.
#ifndef QFX_TESTBENCH_TESTBENCH_H
#define QFX_TESTBENCH_TESTBENCH_H

#include <hls_stream.h>

#include <fstream>
#include <string>
#include <vector>

#include "checker.h"
#include "options.h"
#include "stream_warnings.h"
#include "vectors.h"

namespace qfx {
namespace testbench {

/** How values lie in the words of an AXI4-Stream: `lanes` slots of `slot_bits`, the first value in the low bits. */
struct port {
  const char* name;
  value_stream values;
  int lanes, slot_bits;
  long words_per_image;
};

inline std::vector<value_stream> values_of(const std::vector<port>& ports) {
  std::vector<value_stream> values;
  for (const port& port : ports) values.push_back(port.values);
  return values;
}

class testbench {
 public:
  testbench(int argc, char** argv, const port& input, const std::vector<value_stream>& layers,
            const std::vector<port>& outputs)
      : options_(parse_options(argc, argv)),
        input_(input),
        ports_(outputs),
        checker_(options_, input.values, layers, values_of(outputs)),
        files_(outputs.size()) {
    for (std::size_t k = 0; k < outputs.size() && !options_.outputs.empty(); ++k) {
      files_[k].open((options_.outputs + "/" + outputs[k].name + ".bin").c_str(), std::ios::binary);
      if (!files_[k]) checker_.fail("no outputs can be written to " + options_.outputs);
    }
  }

  long first() const { return checker_.first(); }
  long end() const { return checker_.end(); }

  /** Writes one image to the network's input. */
  template <class WORD>
  void send(long image, hls::stream<WORD>& stream) {
    std::vector<long long> values;
    checker_.begin_image(image, values);
    std::size_t next = 0;
    for (long index = 0; index < input_.words_per_image; ++index) {
      WORD word = WORD();
      word.data = 0;
      word.keep = -1;
      word.strb = -1;
      word.last = index + 1 == input_.words_per_image;
      for (int lane = 0; lane < input_.lanes && next < values.size(); ++lane) {
        const int low = lane * input_.slot_bits;
        word.data.range(low + input_.slot_bits - 1, low) = ap_uint<64>(values[next++]);
      }
      stream.write(word);
    }
  }

  /** The network must have read the whole image. */
  template <class WORD>
  void check_input(hls::stream<WORD>& stream) {
    if (!stream.empty()) fail(input_, "the network has left words of the image in the stream");
  }

  /** Takes one image from output `index` of the network. */
  template <class WORD>
  void receive(int index, hls::stream<WORD>& stream) {
    const port& port = ports_[static_cast<std::size_t>(index)];
    long values = 0;
    for (long word = 1; word <= port.words_per_image; ++word) {
      const std::string place = "word " + std::to_string(word) + " of " + std::to_string(port.words_per_image);
      if (stream.empty()) fail(port, place + " is missing");
      const WORD taken = stream.read();
      const bool last = taken.last == ap_uint<1>(1);
      if (last && word < port.words_per_image) fail(port, "TLAST on " + place);
      if (!last && word == port.words_per_image) fail(port, "no TLAST on " + place);
      if (taken.keep != decltype(taken.keep)(-1)) fail(port, "TKEEP leaves bytes out of " + place);
      for (int lane = 0; lane < port.lanes; ++lane) {
        const long long raw = slot(taken, lane, port);
        if (values++ < port.values.values_per_image) {
          take(index, raw);
        } else if (raw != 0) {
          fail(port, "unused bits of " + place + " are not 0");
        }
      }
    }
    if (stream.empty()) return;
    fail(port, "the stream holds more than the " + std::to_string(port.words_per_image) + " words of an image");
  }

  void end_image() {
    if (!warnings_.found().empty()) checker_.fail(warnings_.found());
    checker_.end_image();
  }

  /** Says what was compared. Returns the exit status. */
  int finish() {
    for (std::size_t k = 0; k < files_.size() && !options_.outputs.empty(); ++k) {
      files_[k].close();
      if (!files_[k]) checker_.fail("no outputs can be written to " + options_.outputs);
    }
    return checker_.finish();
  }

 private:
  [[noreturn]] void fail(const port& port, const std::string& problem) {
    checker_.fail(std::string("port ") + port.name + ": " + problem);
  }

  /** The raw integer in a slot of a word: all bits of the slot count, not only those of the value's word length. */
  template <class WORD>
  static long long slot(const WORD& word, int lane, const port& port) {
    const int low = lane * port.slot_bits;
    const unsigned long long bits = ap_uint<64>(word.data.range(low + port.slot_bits - 1, low)).to_uint64();
    const unsigned long long sign = port.values.is_signed ? 1ULL << (port.slot_bits - 1) : 0;
    return static_cast<long long>((bits ^ sign) - sign);
  }

  void take(int index, long long raw) {
    checker_.receive_output(index, raw);
    if (options_.outputs.empty()) return;
    const int bytes = stored_bytes(ports_[static_cast<std::size_t>(index)].values.word_length);
    for (int k = 0; k < bytes; ++k) files_[static_cast<std::size_t>(index)].put(static_cast<char>(raw >> 8 * k));
  }

  const options options_;
  const port input_;
  const std::vector<port> ports_;
  checker checker_;
  std::vector<std::ofstream> files_;
  stream_warnings warnings_;
};

}  // namespace testbench
}  // namespace qfx

#endif
