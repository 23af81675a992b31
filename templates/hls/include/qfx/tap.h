// Looks at the values of every layer inside the one running dataflow.
//
//   QFX_TAP(layer, stream, words)
//
// stands after the call that writes the `words` words of one image to `stream`. In C simulation it takes them from the
// stream, hands their raw integers to the sink that the testbench has installed (if any) and puts them back unchanged.
// In synthesis it is nothing, so RTL co-simulation sees no taps: there only the outputs are compared.
#ifndef QFX_TAP_H
#define QFX_TAP_H

#ifdef __SYNTHESIS__

#define QFX_TAP(layer, stream, words)

#else

#include <hls_stream.h>

#include <vector>

#include "raw.h"
#include "vector.h"

namespace qfx {

/** Receives the values of the layers. */
class tap_sink {
 public:
  /** Whether the sink wants the values of this layer for the image that is in the dataflow now. */
  virtual bool wants(int layer) = 0;
  /** The next `count` raw integers of the layer (the bits of a 64-bit unsigned one). */
  virtual void receive(int layer, const long long* raw, int count) = 0;
  /** The stream ended after `found` of `words` words. Doesn't return. */
  virtual void underflow(int layer, int found, int words) = 0;
  /** The stream holds more than the words of one image. Doesn't return. */
  virtual void leftover(int layer, int words) = 0;

 protected:
  ~tap_sink() {}
};

/** The sink that all taps report to; null for none. */
inline tap_sink*& installed_tap_sink() {
  static tap_sink* sink = nullptr;
  return sink;
}

template <class T, int LANES>
void tap(int layer, hls::stream<vector<T, LANES>>& stream, int words) {
  tap_sink* const sink = installed_tap_sink();
  if (sink == nullptr || !sink->wants(layer)) return;
  std::vector<vector<T, LANES>> taken;
  taken.reserve(words);
  for (int word = 0; word < words; ++word) {
    if (stream.empty()) sink->underflow(layer, word, words);
    taken.push_back(stream.read());
    long long raw[LANES];
    for (int lane = 0; lane < LANES; ++lane) raw[lane] = static_cast<long long>(to_raw(taken.back()[lane]));
    sink->receive(layer, raw, LANES);
  }
  if (!stream.empty()) sink->leftover(layer, words);
  for (const vector<T, LANES>& word : taken) stream.write(word);
}

}  // namespace qfx

#define QFX_TAP(layer, stream, words) ::qfx::tap(layer, stream, words)

#endif

#endif
