#include "temporary_file.hpp"

#include "medsave/base/bytes.hpp"
#include "medsave/base/encoding.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/metadata.hpp"

#include <cstddef>
#include <optional>

namespace medsave {

std::string unfinished_name(const std::string& name) {
  constexpr std::size_t kDigestBytes = 16;  // names of one folder hardly ever meet in them
  const Id digest = sha256(as_bytes(name));
  return ".medsave-" + to_hex(ByteView(digest.bytes()).first(kDigestBytes)) + ".tmp";
}

UniqueFd create_temporary(DirHandle dir, const std::string& name) {
  const std::string temporary = unfinished_name(name);
  const std::optional<FileInfo> left = lstat_at(dir, temporary);
  if (left && is_unfinished(*left)) remove_file_at(dir, temporary);
  return create_file_at(dir, temporary, kUnfinished, name);
}

void put_in_place(DirHandle dir, const PlannedFile& file, const Clearing& clearing) {
  const std::string temporary = unfinished_name(file.name);
  if (file.replaces && is_file_as_seen(dir, file.name, file.seen)) {
    rename_at(dir, temporary, dir, file.name);  // over it, so that the name is never missing
    return;
  }
  if (file.replaces) clear_way(dir, file.name, file.seen, clearing);
  make_new_entry(dir, file.name, [&] { rename_new_at(dir, temporary, dir, file.name); });
}

void remove_temporary(DirHandle dir, const std::string& name) {
  remove_file_at(dir, unfinished_name(name));
}

}  // namespace medsave
