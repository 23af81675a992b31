// AMD's hls::stream only prints a warning when it is read while empty, or destroyed with words left in it.
// For a comparison both are failures, so what is printed to std::cout is watched for them.
#ifndef QFX_TESTBENCH_STREAM_WARNINGS_H
#define QFX_TESTBENCH_STREAM_WARNINGS_H

#include <iostream>
#include <streambuf>
#include <string>

namespace qfx {
namespace testbench {

class stream_warnings : private std::streambuf {
 public:
  stream_warnings() : target_(std::cout.rdbuf(this)) {}
  stream_warnings(const stream_warnings&) = delete;
  stream_warnings& operator=(const stream_warnings&) = delete;
  ~stream_warnings() { std::cout.rdbuf(target_); }

  /** The first warning; empty if there was none. */
  const std::string& found() const { return found_; }

 private:
  int_type overflow(int_type character) override {
    if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
    const char text = traits_type::to_char_type(character);
    if (text != '\n') {
      line_ += text;
    } else {
      const bool warning = says("read while empty") || says("leftover data");
      if (warning && found_.empty()) found_ = line_;
      line_.clear();
    }
    return target_->sputc(text);
  }

  bool says(const char* words) const { return line_.find(words) != std::string::npos; }

  int sync() override { return target_->pubsync(); }

  std::streambuf* target_;
  std::string line_, found_;
};

}  // namespace testbench
}  // namespace qfx

#endif
