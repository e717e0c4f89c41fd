#pragma once

#include "deferred_work.hpp"

#include "medsave/base/bytes.hpp"
#include "medsave/format/node.hpp"
#include "medsave/repo/index.hpp"
#include "medsave/sys/dir_handle.hpp"

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace medsave {

/// Where the blobs of a file are and go; sets the size of `file`, and whether it is damaged.
/// `problems`: what is to be told of its content.
std::vector<FilePiece> locate_content(const Index& index, const Node& node, PlannedFile& file,
                                      std::vector<std::string>& problems);

std::uint64_t total_length(const std::vector<FilePiece>& pieces);

/// Which of the pieces the file in `dir` that was seen does not have; `present_size`: bytes of it.
/// All of them when it is another file by now. Throws Error when it cannot be read.
std::vector<FilePiece> missing_pieces(DirHandle dir, const PlannedFile& file,
                                      const std::vector<FilePiece>& pieces,
                                      std::uint64_t& present_size, Buffer& content,
                                      const std::stop_token& stop);

}  // namespace medsave
