#include "file_content.hpp"

#include "target_entry.hpp"

#include "medsave/base/text.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/par/task_scope.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"

#include <cstddef>
#include <optional>

namespace medsave {
namespace {

bool holds(int fd, const FilePiece& piece, Buffer& content, const std::string& name) {
  content.resize(piece.length());
  return pread_some(fd, content.writable(), piece.offset, name) == content.size() &&
         sha256(content.view()) == piece.blob;
}

}  // namespace

std::vector<FilePiece> locate_content(const Index& index, const Node& node, PlannedFile& file,
                                      std::vector<std::string>& problems) {
  std::vector<FilePiece> pieces;
  pieces.reserve(node.content.size());
  std::optional<std::size_t> first_gap;  // in `pieces`, where blobs are missing
  std::uint64_t offset = 0;
  std::uint64_t gap_start = 0;
  for (const Id& blob : node.content) {
    const auto location = index.find({.kind = BlobKind::data, .id = blob});
    if (location) {
      pieces.push_back({.blob = blob, .location = *location, .offset = offset});
      offset += location->content_length();
      continue;
    }
    problems.push_back(format_text(_("blob {} is missing from the index"), blob.hex()));
    file.damaged = true;
    if (!first_gap) {
      first_gap = pieces.size();
      gap_start = offset;
    }
    // The length of a missing blob is unknown, so pieces between two missing ones cannot be placed.
    pieces.resize(*first_gap);
    offset = 0;
  }
  file.size = offset;
  if (first_gap) {
    // What follows the last gap is placed from the end of the file.
    file.size = node.size;
    const bool fits = node.size >= gap_start && node.size - gap_start >= offset;
    if (!fits) pieces.resize(*first_gap);
    const std::uint64_t tail = fits ? node.size - offset : node.size;
    for (std::size_t i = *first_gap; i < pieces.size(); ++i) pieces[i].offset += tail;
    problems.push_back(format_text(_("bytes {} to {} cannot be restored"), gap_start, tail));
  } else if (file.size != node.size) {
    problems.push_back(format_text(_("the snapshot says {} bytes, its content has {}; the content "
                                     "was restored"),
                                   node.size, file.size));
  }
  return pieces;
}

std::uint64_t total_length(const std::vector<FilePiece>& pieces) {
  std::uint64_t sum = 0;
  for (const FilePiece& piece : pieces) sum += piece.length();
  return sum;
}

std::vector<FilePiece> missing_pieces(DirHandle dir, const PlannedFile& file,
                                      const std::vector<FilePiece>& pieces,
                                      std::uint64_t& present_size, Buffer& content,
                                      const std::stop_token& stop) {
  std::vector<FilePiece> missing;
  const UniqueFd fd = open_file_at(dir, file.name);
  const FileInfo info = fstat_fd(fd.get());
  // If the file was replaced meanwhile, writing to it reports that.
  if (!is_same_entry(fd.get(), file.seen.key, info.key())) return pieces;
  present_size = info.size;
  for (const FilePiece& piece : pieces) {
    check_stop(stop);
    const bool inside = piece.offset + piece.length() <= present_size;
    if (!inside || !holds(fd.get(), piece, content, file.name)) missing.push_back(piece);
  }
  return missing;
}

}  // namespace medsave
