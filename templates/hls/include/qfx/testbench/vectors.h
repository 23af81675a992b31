// Reads test vectors: a manifest (vectors.txt) and one binary file for the input, each layer and each output port.
//
//   qfx-vectors 1
//   images <number of images>
//   input|layer|output <index> <images> <values per image> <bytes per value> signed|unsigned <file>
//   end
//
// A file holds raw integers, little-endian, two's complement if signed, image after image.
#ifndef QFX_TESTBENCH_VECTORS_H
#define QFX_TESTBENCH_VECTORS_H

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace qfx {
namespace testbench {

enum exit_status { exit_success = 0, exit_mismatch = 1, exit_failure = 2 };

/** Ends the process at once: nothing after the first failure can be trusted, destructors included. */
[[noreturn]] inline void quit(int status) {
  std::fflush(stdout);
  std::fflush(stderr);
  std::_Exit(status);
}

/** Values of one stream, as the project's sources define them. */
struct value_stream {
  const char* name;
  long values_per_image;
  int word_length;
  bool is_signed;
};

/** The raw integers of one stream, read image by image. */
class vector_file {
 public:
  vector_file() : file_(nullptr), images_(0), values_(0), bytes_(0), signed_(false) {}
  vector_file(const vector_file&) = delete;
  vector_file& operator=(const vector_file&) = delete;
  ~vector_file() {
    if (file_ != nullptr) std::fclose(file_);
  }

  /** Number of images that it holds; 0 when there is no such file. */
  long images() const { return images_; }

  /** Opens the file and goes to the first image to be read. False, with a message, when it isn't what it should be. */
  bool open(const std::string& path, long images, const value_stream& stream, int bytes, long first, std::string& error) {
    images_ = images;
    values_ = stream.values_per_image;
    bytes_ = bytes;
    signed_ = stream.is_signed;
    file_ = std::fopen(path.c_str(), "rb");
    if (file_ == nullptr) return error = "cannot open " + path, false;
    if (std::fseek(file_, 0, SEEK_END) != 0) return error = "cannot seek in " + path, false;
    const long long size = std::ftell(file_), expected = static_cast<long long>(images) * values_ * bytes;
    if (size != expected) {
      error = path + " has " + std::to_string(size) + " bytes, expected " + std::to_string(expected);
      return false;
    }
    const long start = (first < images ? first : images) * values_ * bytes;
    return std::fseek(file_, start, SEEK_SET) == 0 || (error = "cannot seek in " + path, false);
  }

  /** Reads the values of the next image. False when the file ends before. */
  bool read(std::vector<long long>& values) {
    buffer_.resize(static_cast<std::size_t>(values_ * bytes_));
    values.resize(static_cast<std::size_t>(values_));
    if (std::fread(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size()) return false;
    const unsigned char* bytes = buffer_.data();
    for (long long& value : values) {
      unsigned long long bits = 0;
      for (int byte = 0; byte < bytes_; ++byte) bits |= static_cast<unsigned long long>(bytes[byte]) << 8 * byte;
      const unsigned long long sign = signed_ ? 1ULL << (8 * bytes_ - 1) : 0;
      value = static_cast<long long>((bits ^ sign) - sign);
      bytes += bytes_;
    }
    return true;
  }

 private:
  std::FILE* file_;
  long images_, values_;
  int bytes_;
  bool signed_;
  std::vector<unsigned char> buffer_;
};

/** Bytes of a value in a vector file: those of the smallest native integer. */
inline int stored_bytes(int word_length) {
  return word_length <= 8 ? 1 : word_length <= 16 ? 2 : word_length <= 32 ? 4 : 8;
}

}  // namespace testbench
}  // namespace qfx

#endif
