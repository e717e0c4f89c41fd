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

namespace {

/// What an earlier restore left under the temporary name: a file that says so, or what only a
/// restore makes there.
void remove_left(DirHandle dir, const std::string& temporary) {
  const std::optional<FileInfo> left = lstat_at(dir, temporary);
  if (!left || left->is_dir() || (left->is_regular() && !is_unfinished(*left))) return;
  remove_file_at(dir, temporary);
}

}  // namespace

UniqueFd create_temporary(DirHandle dir, const std::string& name) {
  const std::string temporary = unfinished_name(name);
  remove_left(dir, temporary);
  return create_file_at(dir, temporary, kUnfinished, name);
}

void put_in_place(DirHandle dir, const std::string& name, const std::optional<SeenEntry>& seen,
                  const Clearing& clearing) {
  const std::string temporary = unfinished_name(name);
  if (seen && is_file_as_seen(dir, name, *seen)) {
    rename_at(dir, temporary, dir, name);  // over it, so that the name is never missing
    return;
  }
  if (seen) clear_way(dir, name, seen, clearing);
  make_new_entry(dir, name, [&] { rename_new_at(dir, temporary, dir, name); });
}

void make_complete(DirHandle dir, const std::string& name, const std::optional<SeenEntry>& seen,
                   const Clearing& clearing,
                   const std::function<void(const std::string& temporary)>& make,
                   const std::function<void(const std::string& temporary)>& dress) {
  const std::string temporary = unfinished_name(name);
  remove_left(dir, temporary);
  try {
    make(temporary);
  } catch (const Error& e) {
    throw Error(e.code(), with_own_name(e.what(), name));
  }
  try {
    dress(temporary);
    put_in_place(dir, name, seen, clearing);
  } catch (...) {
    try {
      remove_temporary(dir, name);
    } catch (const Error&) {  // the next restore removes it
    }
    throw;
  }
}

std::string with_own_name(std::string message, const std::string& name) {
  const std::string temporary = unfinished_name(name);
  const std::size_t at = message.find(temporary);
  if (at != std::string::npos) message.replace(at, temporary.size(), name);
  return message;
}

void remove_temporary(DirHandle dir, const std::string& name) {
  remove_file_at(dir, unfinished_name(name));
}

}  // namespace medsave
