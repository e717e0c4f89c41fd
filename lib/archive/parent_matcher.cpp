#include "parent_matcher.hpp"

#include "medsave/format/tree_decode.hpp"

#include <algorithm>

namespace medsave {
namespace {

/// Whether a time stamp cannot tell a change from one that came after the file was read.
bool is_too_fresh(const Timestamp& stamp, const Timestamp& read_since) {
  // Clocks of file systems tick every few milliseconds; some keep seconds only, FAT every other.
  const double tick = stamp.nanoseconds == 0 ? 2.0 : 0.02;
  return seconds_between(stamp, read_since) <= tick;
}

/// Uses the change time where it is compared: the system sets it at every change, and nobody can
/// set it back. Where it is unknown, or is the time of creation, the modification time is used,
/// unless that was set to the future.
bool is_too_fresh(const FileInfo& info, const ChangeRules& rules) {
  constexpr double kLongestBackup = 24 * 3600;  // seconds
  if (!rules.read_since) return false;
  const bool has_ctime = !rules.ignore_ctime && !rules.ignore_inode && info.ctime != Timestamp{};
  if (has_ctime && is_too_fresh(info.ctime, *rules.read_since)) return true;
  const bool is_of_future = seconds_between(*rules.read_since, info.mtime) > kLongestBackup;
  return (!has_ctime || !is_of_future) && is_too_fresh(info.mtime, *rules.read_since);
}

}  // namespace

bool is_unchanged(const FileInfo& info, const Node& previous, const ChangeRules& rules) {
  if (previous.type != NodeType::file || previous.content_is_null) return false;
  if (previous.size != info.size || previous.mtime != info.mtime) return false;
  if (previous.content.empty() != (info.size == 0)) return false;
  if (is_too_fresh(info, rules)) return false;
  if (rules.ignore_inode) return true;
  if (previous.inode != info.inode) return false;
  return rules.ignore_ctime || previous.ctime == info.ctime;
}

bool is_same_list(const FileInfo& info, const Node& previous, const ChangeRules& rules) {
  if (rules.ignore_inode || rules.ignore_ctime || info.ctime == Timestamp{}) return false;
  return previous.type == NodeType::dir && previous.inode == info.inode &&
         previous.mtime == info.mtime && previous.ctime == info.ctime && !is_too_fresh(info, rules);
}

Tree ParentMatcher::load(const Id& tree) const {
  thread_local Buffer json;  // reused, since there is one for every folder
  reader_.load(BlobRef{.kind = BlobKind::tree, .id = tree}, json);
  return decode_tree(as_text(json.view()));
}

bool ParentMatcher::has_content(const Node& previous) const {
  if (previous.subtree &&
      !reader_.index().contains(BlobRef{.kind = BlobKind::tree, .id = *previous.subtree})) {
    return false;
  }
  return std::ranges::all_of(previous.content, [this](const Id& id) {
    return reader_.index().contains(BlobRef{.kind = BlobKind::data, .id = id});
  });
}

}  // namespace medsave
