// One stream of values beside the ones that are expected.
#ifndef QFX_TESTBENCH_COMPARISON_H
#define QFX_TESTBENCH_COMPARISON_H

#include <cstddef>
#include <string>
#include <vector>

#include "report.h"
#include "vectors.h"

namespace qfx {
namespace testbench {

/** The expected values of a layer or an output port, and what came of comparing. */
class comparison {
 public:
  value_stream stream;
  vector_file file;
  counts total;

  /** Reads the expected values of an image; all of them are then to be compared, in order. False when there are none. */
  bool begin_image() {
    position_ = 0;
    return file.read(expected_);
  }

  /** Values of this image that were compared. */
  long position() const { return position_; }
  bool is_complete() const { return position_ == stream.values_per_image; }

  /** Compares the next values. True if all are equal; otherwise `found` is the first that isn't. */
  bool compare(const long long* raw, int count, mismatch& found) {
    const long long mismatches = total.mismatches;
    for (int k = 0; k < count; ++k, ++position_) {
      const long long expected = expected_[static_cast<std::size_t>(position_)];
      ++total.values;
      if (raw[k] == expected) continue;
      if (total.mismatches++ > mismatches) continue;
      found.index = position_;
      found.expected = decimal(expected);
      found.actual = decimal(raw[k]);
    }
    return total.mismatches == mismatches;
  }

 private:
  std::string decimal(long long raw) const {
    return stream.is_signed ? std::to_string(raw) : std::to_string(static_cast<unsigned long long>(raw));
  }

  std::vector<long long> expected_;
  long position_ = 0;
};

}  // namespace testbench
}  // namespace qfx

#endif
