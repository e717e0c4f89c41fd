#include "local_reserve.hpp"

#include "medsave/base/bytes.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/random.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"

#include <optional>
#include <string>
#include <utility>

namespace medsave {
namespace {

constexpr std::uint64_t kSize = std::uint64_t{1} << 20;

std::string reserve_name() { return std::string(kReserveFolder) + "/reserve"; }

/// Random bytes, really written: a file with a hole, or one that the file system compresses, would
/// take no space.
void write_reserve(const HeldFolder& root) {
  const std::string name = reserve_name();
  Buffer content;
  content.resize(kSize);
  system_random().fill(content.writable());
  UniqueFd fd = create_file_at(root.fd(), name, 0600);
  try {
    write_all(fd.get(), content.view(), name);
    sync_data(fd.get(), name);
    close_fd(std::move(fd), name);
  } catch (...) {
    remove_file_at(root.fd(), name);
    throw;
  }
}

void free_reserve(const HeldFolder& root) {
  const std::string name = reserve_name();
  try {
    remove_file_at(root.fd(), name);
  } catch (const Error& e) {
    // Copy-on-write file systems need space to remove a name, but less to truncate a file.
    if (e.code() != Errc::no_space) throw;
    truncate_fd(open_file_for_update_at(root.fd(), name).get(), 0, name);
  }
}

}  // namespace

void make_reserve(const HeldFolder& root, std::uint64_t least_free) noexcept {
  try {
    if (!lstat_at(root.fd(), kReserveFolder)) return;
    const std::optional<FileInfo> there = lstat_at(root.fd(), reserve_name());
    if (there && there->size == kSize) return;
    if (free_space_of(root.fd()).value_or(0) < least_free) return;
    if (there) remove_file_at(root.fd(), reserve_name());
    write_reserve(root);
  } catch (const std::exception&) {
    return;
  }
}

bool remove_reserve(const HeldFolder& root) noexcept {
  try {
    const std::optional<FileInfo> there = lstat_at(root.fd(), reserve_name());
    if (!there || there->size == 0) return false;
    free_reserve(root);
    sync_dir_at(root.fd(), kReserveFolder);  // many file systems free the blocks only now
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace medsave
