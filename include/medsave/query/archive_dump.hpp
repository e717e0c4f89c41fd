#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/base/progress.hpp"
#include "medsave/format/node.hpp"
#include "medsave/repo/blob_reader.hpp"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

namespace medsave {

/// The formats in which `dump` writes a folder.
enum class ArchiveFormat : std::uint8_t { tar, zip };

/// Takes the output, piece by piece, on the thread that called; throws to end the dump.
using ByteSink = std::function<void(ByteView)>;

/// Writes the content of a file. Blobs are read and opened ahead on all cores, some 64 MiB at
/// most. Throws Error for whatever cannot be read: then the output is incomplete.
void dump_file(const BlobReader& reader, const Node& file, const ByteSink& sink,
               const std::stop_token& stop);

/// Hear, one sentence each, of what an archive does not get; all else is written.
struct DumpLosses {
  NoticeSink attribute = {};  // that the format cannot hold
  NoticeSink entry = {};      // of an unknown type
};

/// Writes the files, folders and symbolic links below `tree` as an archive; their names begin
/// with `path` ("/srv/data" gives "srv/data/a", "/" gives "a"). A tar archive is byte for byte
/// the one that restic writes. Throws as dump_file(), also for names that must not leave a
/// repository (see is_safe_name), and for a folder that lists a name twice.
void dump_folder(const BlobReader& reader, const Id& tree, const std::string& path,
                 ArchiveFormat format, const ByteSink& sink, const DumpLosses& losses,
                 const std::stop_token& stop);

}  // namespace medsave
