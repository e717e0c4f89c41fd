#pragma once

#include "archive_writer.hpp"

#include <memory>

namespace medsave {

/// POSIX tar as Go's archive/tar writes it: ustar headers, pax records for what these cannot hold
/// and for extended attributes; times in whole seconds. `left_out` hears of attributes and names of
/// owners that these cannot hold either.
std::unique_ptr<ArchiveWriter> make_tar_writer(ByteSink sink, NoticeSink left_out);

}  // namespace medsave
