// Copies a stream to two or more consumers: a stream can be read only once.
//
//   fork<words>(input, first, second);  // words of one image
#ifndef QFX_FORK_H
#define QFX_FORK_H

#include <hls_stream.h>

namespace qfx {

template <int WORDS, class Word, class... Outputs>
void fork(hls::stream<Word>& input, Outputs&... outputs);

}  // namespace qfx

#endif
