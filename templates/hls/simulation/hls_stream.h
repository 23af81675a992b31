// hls::stream for C simulation on machines without AMD's headers: a first-in-first-out queue of any length.
//
// In hardware, a read from an empty stream waits for ever, and data that nobody reads fills a FIFO until its writer
// stops. Both are failures here, and never a warning: reading an empty stream, or destroying one that still holds data,
// names the stream on stderr and ends the program with status 1. C++14.
#ifndef QFX_SIMULATION_HLS_STREAM_H
#define QFX_SIMULATION_HLS_STREAM_H

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace hls {

template <class T>
class stream {
 public:
  stream() : name_("(unnamed)") {}
  explicit stream(const char* name) : name_(name) {}
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;
  ~stream() {
    if (!empty()) fail("still holds data that nobody read");
  }

  bool empty() const { return head_ == tail_; }
  std::size_t size() const { return tail_ - head_; }

  T read() {
    if (empty()) fail("is read while empty");
    return queue_[head_++ & mask_];
  }
  void read(T& value) { value = read(); }
  void write(const T& value) {
    if (size() == queue_.size()) grow();
    queue_[tail_++ & mask_] = value;
  }
  void operator>>(T& value) { value = read(); }
  void operator<<(const T& value) { write(value); }

 private:
  // A ring whose size is a power of two; head and tail count all words ever read and written (they may wrap around).
  void grow() {
    std::vector<T> larger(queue_.empty() ? 16 : 2 * queue_.size());
    const std::size_t count = size();
    for (std::size_t k = 0; k < count; ++k) larger[k] = queue_[(head_ + k) & mask_];
    queue_.swap(larger);
    mask_ = queue_.size() - 1;
    head_ = 0;
    tail_ = count;
  }

  [[noreturn]] void fail(const char* what) const {
    std::fflush(stdout);
    std::fprintf(stderr, "hls::stream '%s' %s (%lu words)\n", name_.c_str(), what, static_cast<unsigned long>(size()));
    std::fflush(stderr);
    std::_Exit(1);  // not exit(): destructors of other streams would report what is only a consequence
  }

  std::string name_;
  std::vector<T> queue_;
  std::size_t mask_ = 0, head_ = 0, tail_ = 0;
};

}  // namespace hls

#endif
