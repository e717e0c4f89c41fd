#pragma once

#include "medsave/query/finder.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <cstdint>
#include <optional>

namespace medsave::cli {

class Context;

/// Prints what `find` has found: text, or the elements of one JSON array.
class FindOutput {
 public:
  struct Options {
    bool long_format = false;
    bool human_readable = false;
  };
  FindOutput(const Options& options, Context& context) : options_(options), context_(context) {}

  void print(const NameHit& hit, const SnapshotEntry& entry);
  void print(const ObjectHit& hit, const SnapshotEntry& entry);
  void finish();

 private:
  void print_json(const NameHit& hit, const SnapshotEntry& entry);
  void end_snapshot();

  const Options options_;
  Context& context_;
  std::optional<Id> snapshot_ = {};  // of the last name found
  std::uint64_t hits_ = 0;
};

}  // namespace medsave::cli
