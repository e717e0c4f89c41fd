#pragma once

#include "medsave/query/archive_dump.hpp"

#include <memory>
#include <string>

namespace medsave {

/// Archive formats behind one face. Every entry is followed by its data.
class ArchiveWriter {
 public:
  virtual ~ArchiveWriter() = default;
  /// `path` is relative, without a slash at its end.
  virtual void begin_entry(const std::string& path, const Node& node) = 0;
  virtual void write_data(ByteView data) = 0;
  virtual void finish() = 0;
};

/// POSIX tar as Go's archive/tar writes it: ustar headers, pax records for what these cannot hold
/// and for extended attributes; times in whole seconds.
std::unique_ptr<ArchiveWriter> make_tar_writer(ByteSink sink);

/// Zip (zip64 where necessary), files deflated.
std::unique_ptr<ArchiveWriter> make_zip_writer(ByteSink sink);

}  // namespace medsave
