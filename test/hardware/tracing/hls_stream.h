// An hls::stream that tells of every word: a line "r <name>" or "w <name>" on stdout. Streams without a name are silent.
#ifndef TRACING_HLS_STREAM_H
#define TRACING_HLS_STREAM_H

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>

namespace hls {

template <class T>
class stream {
 public:
  stream() {}
  explicit stream(const char* name) : name_(name) {}
  stream(const stream&) = delete;

  bool empty() const { return words_.empty(); }

  T read() {
    tell('r');
    if (words_.empty()) std::exit(1);
    const T word = words_.front();
    words_.pop_front();
    return word;
  }

  void write(const T& word) {
    tell('w');
    words_.push_back(word);
  }

 private:
  void tell(char action) const {
    if (!name_.empty()) std::printf("%c %s\n", action, name_.c_str());
  }

  std::string name_;
  std::deque<T> words_;
};

}  // namespace hls

#endif
