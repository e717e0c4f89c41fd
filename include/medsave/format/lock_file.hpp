#pragma once

#include "medsave/format/time_text.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace medsave {

/// Content of a file in `locks/`. machine_id, boot_id and pid_namespace are medsave's own
/// additions, which restic ignores: they allow to prove that an owner on this host has ended.
struct LockFile {
  ZonedTime time = {};
  bool exclusive = false;
  std::string hostname = {};
  std::string username = {};
  std::int64_t pid = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string machine_id = {};     // of the owner's computer; empty in restic's locks
  std::string boot_id = {};        // of the owner's kernel; empty in restic's locks
  std::string pid_namespace = {};  // of the owner; empty in restic's locks
};

std::string encode_lock_file(const LockFile& lock);
/// Throws Error(corrupt).
LockFile decode_lock_file(std::string_view json);

}  // namespace medsave
