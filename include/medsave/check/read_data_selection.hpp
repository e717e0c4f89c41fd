#pragma once

#include "medsave/base/random.hpp"
#include "medsave/repo/index.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace medsave {

/// Which packs `check` reads: none, all, the n-th of t parts by id, or a random share.
struct ReadDataSelection {
  enum class Kind { none, all, part, percent, size };
  Kind kind = Kind::none;
  unsigned part = 0;       // 1..parts
  unsigned parts = 0;      // ..256
  double percent = 0;      // 0 < percent <= 100
  std::uint64_t size = 0;  // bytes
};
/// "1/5", "2.5%", "10G". Throws Error(usage).
ReadDataSelection parse_read_data_subset(const std::string& text);

/// The packs among `packs` that a run has to read.
std::vector<PackSummary> select_packs(std::vector<PackSummary> packs,
                                      const ReadDataSelection& selection, Random& random);

}  // namespace medsave
