// Copies a stream to two or more consumers: a stream can be read only once.
//
//   fork<words>(input, first, second);  // words of one image
#ifndef QFX_FORK_H
#define QFX_FORK_H

#include <hls_stream.h>

namespace qfx {

template <class Word>
void write_all(const Word&) {
#pragma HLS INLINE
}
template <class Word, class... Outputs>
void write_all(const Word& word, hls::stream<Word>& output, Outputs&... outputs) {
#pragma HLS INLINE
  output.write(word);
  write_all(word, outputs...);
}

template <int WORDS, class Word, class... Outputs>
void fork(hls::stream<Word>& input, Outputs&... outputs) {
  for (int word = 0; word < WORDS; ++word) {
#pragma HLS PIPELINE II = 1
    write_all(input.read(), outputs...);
  }
}

}  // namespace qfx

#endif
