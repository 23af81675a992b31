// Files of raw integers: little-endian, two's complement if signed, value after value, image after image.
#ifndef QFX_TESTBENCH_VECTORS_H
#define QFX_TESTBENCH_VECTORS_H

#include <cstddef>
#include <fstream>
#include <string>
#include <vector>

namespace qfx {
namespace testbench {

/** Values of one stream, as the project's sources define them. */
struct value_stream {
  const char* name;
  long values_per_image;
  int word_length;
  bool is_signed;
};

/** Bytes of a value in a vector file: those of the smallest native integer. */
inline int stored_bytes(int word_length) {
  return word_length <= 8 ? 1 : word_length <= 16 ? 2 : word_length <= 32 ? 4 : 8;
}

/** The raw integers of one stream, read image by image. */
class vector_file {
 public:
  /** Number of images that it holds; 0 when there is no such file. */
  long images() const { return images_; }

  /** Opens the file at the first image to be read. Returns what is wrong with it, or an empty text. */
  std::string open(const std::string& path, long images, const value_stream& stream, long first) {
    images_ = images;
    values_ = stream.values_per_image;
    bytes_ = stored_bytes(stream.word_length);
    signed_ = stream.is_signed;
    file_.open(path.c_str(), std::ios::binary | std::ios::ate);
    if (!file_) return "cannot open " + path;
    const long long image_bytes = static_cast<long long>(values_) * bytes_;
    const long long size = static_cast<long long>(file_.tellg());
    if (size != images * image_bytes) {
      return path + " has " + std::to_string(size) + " bytes, expected " + std::to_string(images * image_bytes);
    }
    file_.seekg(static_cast<std::streamoff>((first < images ? first : images) * image_bytes));
    return file_ ? "" : "cannot seek in " + path;
  }

  /** Reads the values of the next image. False when the file can't be read. */
  bool read(std::vector<long long>& values) {
    buffer_.resize(static_cast<std::size_t>(values_) * bytes_);
    values.resize(static_cast<std::size_t>(values_));
    if (!file_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()))) return false;
    const unsigned long long sign = signed_ ? 1ULL << (8 * bytes_ - 1) : 0;
    const char* byte = buffer_.data();
    for (long long& value : values) {
      unsigned long long bits = 0;
      for (int k = 0; k < bytes_; ++k) {
        bits |= static_cast<unsigned long long>(static_cast<unsigned char>(*byte++)) << 8 * k;
      }
      value = static_cast<long long>((bits ^ sign) - sign);
    }
    return true;
  }

 private:
  std::ifstream file_;
  long images_ = 0, values_ = 0;
  int bytes_ = 1;
  bool signed_ = false;
  std::vector<char> buffer_;
};

}  // namespace testbench
}  // namespace qfx

#endif
