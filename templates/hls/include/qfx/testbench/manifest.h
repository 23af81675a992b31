// The list of a project's test vectors, vectors.txt:
//
//   qfx-vectors 1
//   images <number of images>
//   input|layer|output <index> <images> <values per image> <bytes per value> signed|unsigned <file>
//   end
//
// Input and outputs have all images; layers may have fewer, the first ones.
#ifndef QFX_TESTBENCH_MANIFEST_H
#define QFX_TESTBENCH_MANIFEST_H

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "vectors.h"

namespace qfx {
namespace testbench {

/** A stream that the manifest may list, and where to open its file. */
struct listed_stream {
  const char* kind;
  int index;
  value_stream stream;
  vector_file* file;
};

constexpr const char* manifest_name = "vectors.txt";

/** Vitis runs the testbench some folders below the project: looks in the working folder and in those above. */
inline std::string find_vectors() {
  std::string up;
  for (int level = 0; level < 8; ++level, up += "../") {
    for (const char* folder : {"vectors", "testbench/vectors"}) {
      if (std::ifstream((up + folder + "/" + manifest_name).c_str())) return up + folder;
    }
  }
  return "";
}

/** Opens one listed file. Returns what is wrong, or an empty text. */
inline std::string open_listed(const std::string& line, const std::string& folder, long images, long first,
                               const std::vector<listed_stream>& streams) {
  std::istringstream fields(line);
  std::string kind, sign, file;
  int index = -1, bytes = 0;
  long own_images = 0, values = 0;
  if (!(fields >> kind >> index >> own_images >> values >> bytes >> sign >> file)) return "not understood: " + line;
  for (const listed_stream& listed : streams) {
    if (listed.kind != kind || listed.index != index) continue;
    const value_stream& stream = listed.stream;
    const bool fits = values == stream.values_per_image && bytes == stored_bytes(stream.word_length) &&
                      sign == (stream.is_signed ? "signed" : "unsigned");
    if (!fits) return "vectors of another network: " + line;
    const long fewest_images = kind == "layer" ? 1 : images;
    if (own_images < fewest_images || own_images > images) return "wrong number of images: " + line;
    if (listed.file->images() > 0) return "listed twice: " + line;
    return listed.file->open(folder + "/" + file, own_images, stream, first);
  }
  return "vectors of another network: " + line;
}

/** Opens all listed files and tells the number of images. Returns what is wrong, or an empty text. */
inline std::string open_vectors(const std::string& folder, long first, const std::vector<listed_stream>& streams,
                                long& images) {
  const std::string path = folder + "/" + manifest_name;
  std::ifstream manifest(path.c_str());
  std::string line, word;
  if (!manifest) return "cannot open " + path;
  if (!std::getline(manifest, line) || line != "qfx-vectors 1") return path + ": not a list of test vectors";
  if (!(manifest >> word >> images) || word != "images" || images < 1) return path + ": no images";
  for (std::getline(manifest, line); std::getline(manifest, line) && line != "end";) {
    const std::string problem = open_listed(line, folder, images, first, streams);
    if (!problem.empty()) return path + ": " + problem;
  }
  if (line != "end") return path + " is cut off";
  for (const listed_stream& listed : streams) {
    const bool required = std::string(listed.kind) != "layer";
    if (required && listed.file->images() == 0) return path + ": no " + listed.kind + " vectors";
  }
  return "";
}

}  // namespace testbench
}  // namespace qfx

#endif
