#include "temporary_file.hpp"

#include "medsave/base/bytes.hpp"
#include "medsave/base/encoding.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/metadata.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace medsave {

namespace {

constexpr std::string_view kPrefix = ".medsave-";

/// What an earlier restore left under the temporary name: a file that says so, or what only a
/// restore makes there.
void remove_left(DirHandle dir, const std::string& temporary) {
  const std::optional<FileInfo> left = lstat_at(dir, temporary);
  if (!left || left->is_dir() || (left->is_regular() && !is_unfinished(*left))) return;
  remove_file_at(dir, temporary);
}

}  // namespace

std::string unfinished_name(const std::string& name, unsigned variant) {
  constexpr std::size_t kDigestBytes = 16;  // names of one folder hardly ever meet in them
  std::string text = name;
  if (variant != 0) text.append("/").append(std::to_string(variant));  // as no name is
  const Id digest = sha256(as_bytes(text));
  return std::string(kPrefix) + to_hex(ByteView(digest.bytes()).first(kDigestBytes)) + ".tmp";
}

bool is_like_unfinished(const std::string& name) { return name.starts_with(kPrefix); }

UniqueFd create_temporary(DirHandle dir, const NewName& name) {
  remove_left(dir, name.temporary);
  return create_file_at(dir, name.temporary, kUnfinished, name.own);
}

void put_in_place(DirHandle dir, const NewName& name, const std::optional<SeenEntry>& seen,
                  const Clearing& clearing) {
  if (seen && is_file_as_seen(dir, name.own, *seen)) {
    rename_at(dir, name.temporary, dir, name.own);  // over it, so that the name is never missing
    return;
  }
  if (seen) clear_way(dir, name.own, seen, clearing);
  make_new_entry(dir, name.own, [&] { rename_new_at(dir, name.temporary, dir, name.own); });
}

void make_complete(DirHandle dir, const NewName& name, const std::optional<SeenEntry>& seen,
                   const Clearing& clearing,
                   const std::function<void(const std::string& temporary)>& make,
                   const std::function<void()>& dress) {
  remove_left(dir, name.temporary);
  try {
    make(name.temporary);
  } catch (const Error& e) {
    throw Error(e.code(), with_own_name(e.what(), name));
  }
  try {
    dress();
    put_in_place(dir, name, seen, clearing);
  } catch (...) {
    try {
      remove_file_at(dir, name.temporary);
    } catch (const Error&) {  // the next restore removes it
    }
    throw;
  }
}

std::string with_own_name(std::string message, const NewName& name) {
  const std::size_t at = message.find(name.temporary);
  if (at != std::string::npos) message.replace(at, name.temporary.size(), name.own);
  return message;
}

}  // namespace medsave
