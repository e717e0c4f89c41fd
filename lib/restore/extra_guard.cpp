#include "extra_guard.hpp"

#include "target_entry.hpp"

#include "medsave/base/text.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <optional>

namespace medsave {

bool holds_repository(DirHandle folder) {
  // Three parts will do: one may be lost, or a link to a drive that is not connected.
  constexpr std::ptrdiff_t kTelling = 3;
  const std::initializer_list<const char*> parts = {"config", "keys", "data", "snapshots", "index"};
  return std::ranges::count_if(parts, [&](const char* name) {
           return lstat_at(folder, name).has_value();
         }) >= kTelling;
}

bool is_repository_part(std::string_view name) {
  constexpr std::array<std::string_view, 7> kParts = {"config", "data",    "index",    "keys",
                                                      "locks",  "medsave", "snapshots"};
  return std::ranges::find(kParts, name) != kParts.end();
}

bool may_be_repository_in(DirHandle folder, const Tree& tree) {
  const std::optional<FileInfo> present = lstat_at(folder, "config");
  if (!present || is_unfinished(*present)) return true;
  const auto saved = std::ranges::find(tree, "config", &Node::name);
  return saved != tree.end() && holds_content(folder, *present, *saved);
}

bool holds_content(DirHandle folder, const FileInfo& present, const Node& saved) {
  constexpr std::uint64_t kMost = 512ULL << 10U;  // bytes; what is longer may be several blobs
  if (saved.type != NodeType::file || !present.is_regular() || saved.size != present.size ||
      present.size > kMost || saved.content.size() != (present.size == 0 ? 0U : 1U)) {
    return false;
  }
  const UniqueFd file = open_file_at(folder, saved.name);
  Buffer content;
  content.resize(static_cast<std::size_t>(present.size));
  return pread_some(file.get(), content.writable(), 0, saved.name) == content.size() &&
         (content.size() == 0 || sha256(content.view()) == saved.content.front());
}

bool ExtraGuard::selects(const std::string& path) const {
  if (!request_.includes.empty()) return request_.includes.check(path).matches;
  return request_.excludes.empty() || !request_.excludes.check(path).matches;
}

Fate ExtraGuard::judge(const std::string& path, DirHandle folder) {
  if (!folder) {
    if (!selects(path)) return Fate::keep;
    if (!request_.left_out.match(path)) return Fate::remove;
    add_left_out(1);
    return Fate::keep_all;
  }
  if (is_mount_point(folder)) {
    tell_of_mount(path);
    return Fate::keep_all;
  }
  if (holds_repository(folder)) {
    tell_of_repository(path);
    return Fate::keep_all;
  }
  return Fate::remove;
}

RemovalJudge ExtraGuard::judge_in(const std::string& folder) {
  return [this, folder](const std::string& path, DirHandle open) {
    std::string whole = folder;
    return judge(whole.append("/").append(path), open);
  };
}

void ExtraGuard::tell_of_mount(const std::string& path) {
  log_.notice(format_text(_("{} was kept: something is mounted there"), path));
}

void ExtraGuard::tell_of_unsaved_mount(const std::string& path) {
  log_.notice(format_text(_("what is in {} was kept: when the backup was made, a drive was mounted "
                            "there that it did not go into"),
                          path));
}

void ExtraGuard::tell_of_empty_source(const std::string& path) {
  if (path == "/") {
    log_.notice(_(
        "what is in the target was kept: the snapshot has an empty folder in its place, as where a "
        "drive was not connected when the backup was made; if it is not needed, remove it by "
        "hand"));
    return;
  }
  log_.notice(format_text(
      _("what is in {} was kept: the snapshot has an empty folder in its place, as where a drive "
        "was not connected when the backup was made; if it is not needed, remove it by hand"),
      path));
}

void ExtraGuard::tell_of_repository(const std::string& path) {
  log_.notice(
      format_text(_("{} was kept: it is a backup repository; if it is not needed, remove it "
                    "by hand"),
                  path));
}

void ExtraGuard::report() const {
  const unsigned long count = left_out_;
  if (count == 0) return;
  log_.notice(format_text(
      n_("{} entry of the target was kept although the snapshot does not have it: the backup had "
         "been told to leave it out, so this may be the only copy; if it is not needed, remove it "
         "by hand",
         "{} entries of the target were kept although the snapshot does not have them: the backup "
         "had been told to leave them out, so these may be the only copies; if they are not "
         "needed, remove them by hand",
         count),
      count));
}

}  // namespace medsave
