#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace medsave {

/// How many things there are of which size, by powers of ten.
class SizeHistogram {
 public:
  struct Class {
    std::uint64_t least = 0;  // bytes
    std::uint64_t most = 0;   // bytes, this many included
    std::uint64_t count = 0;
  };

  void add(std::uint64_t bytes);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Bytes of all together.
  [[nodiscard]] std::uint64_t total() const { return total_; }
  /// From the class of the smallest to that of the largest, empty ones between them too.
  [[nodiscard]] std::vector<Class> classes() const;

 private:
  std::map<unsigned, std::uint64_t> counts_;  // by the number of digits; 0 for no bytes
  std::uint64_t count_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace medsave
