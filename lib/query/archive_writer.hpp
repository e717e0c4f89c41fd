#pragma once

#include "medsave/query/archive_dump.hpp"

#include <cstdint>
#include <memory>
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

/// POSIX tar as Go's archive/tar writes it: ustar headers, pax records for what these cannot hold
/// and for extended attributes; times in whole seconds. `left_out` hears of attributes and names of
/// owners that these cannot hold either.
std::unique_ptr<ArchiveWriter> make_tar_writer(ByteSink sink, NoticeSink left_out);

/// Zip (zip64 where necessary), files deflated. Names are marked as UTF-8 where they are that. What
/// stands at the archive's end is kept until then, in `memory` bytes at most.
std::unique_ptr<ArchiveWriter> make_zip_writer(ByteSink sink, std::uint64_t memory);

}  // namespace medsave
