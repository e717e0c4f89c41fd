#pragma once

#include "medsave/query/archive_dump.hpp"

#include <string>

namespace medsave {

/// Interface of the archive formats. Every entry is followed by its data.
class ArchiveWriter {
 public:
  virtual ~ArchiveWriter() = default;
  /// `path` is relative, without a slash at its end.
  virtual void begin_entry(const std::string& path, const Node& node) = 0;
  virtual void write_data(ByteView data) = 0;
  virtual void finish() = 0;
};

}  // namespace medsave
