#pragma once

#include "archive_writer.hpp"

#include <cstdint>
#include <memory>

namespace medsave {

/// Zip (zip64 where necessary), files deflated. Names are marked as UTF-8 where they are that. What
/// stands at the archive's end is kept until then, in `memory` bytes at most.
std::unique_ptr<ArchiveWriter> make_zip_writer(ByteSink sink, std::uint64_t memory);

}  // namespace medsave
