#include "walk_notes.hpp"

#include "medsave/base/text.hpp"

#include <algorithm>
#include <utility>

namespace medsave {

PatternUse::PatternUse(const PathFilter& includes, const PathFilter& excludes)
    : includes_(!includes.empty()) {
  for (auto& [text, filter] : (includes_ ? includes : excludes).singly()) {
    if (!includes_ && !text.starts_with('/')) continue;
    Pattern& pattern = patterns_.emplace_back();
    pattern.text = text;
    pattern.filter = std::move(filter);
  }
}

void PatternUse::meet(const std::string& path) {
  for (Pattern& pattern : patterns_) {
    if (!pattern.used && pattern.filter.check(path).matches) pattern.used = true;
  }
}

void PatternUse::report(RestoreLog& log) const {
  const auto is_used = [](const Pattern& pattern) { return pattern.used.load(); };
  for (const Pattern& pattern : patterns_) {
    if (is_used(pattern)) continue;
    log.notice(format_text(_("nothing in the snapshot matches the pattern {}"), pattern.text));
  }
  if (!includes_ || std::ranges::any_of(patterns_, is_used)) return;
  log.notice(
      _("Nothing was restored. To see what the snapshot holds, and under which names: \"medsave ls "
        "SNAPSHOT\", or \"medsave find NAME\"."));
}

void NewerFiles::add(const std::string& path, const Timestamp& mtime) {
  const std::lock_guard lock(mutex_);
  if (count_ == 0 || mtime > newest_time_) {
    newest_time_ = mtime;
    newest_ = path;
  }
  ++count_;
}

void NewerFiles::add_replaced(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (replaced_ == 0) first_replaced_ = path;
  ++replaced_;
}

void NewerFiles::add_folder(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (folders_ == 0) first_folder_ = path;
  ++folders_;
}

void NewerFiles::report(RestoreLog& log, bool dry_run) const {
  if (replaced_ != 0) {
    log.notice(format_text(
        n_("{} file or link of the target makes way for a folder of the snapshot: {}",
           "{} files or links of the target make way for folders of the snapshot, the first: {}",
           replaced_),
        replaced_, log.place(first_replaced_)));
  }
  if (folders_ != 0) {
    log.notice(format_text(
        n_("{} folder of the target makes way, with all that is in it, for a file or link of the "
           "snapshot: {}",
           "{} folders of the target make way, with all that is in them, for files or links of the "
           "snapshot, the first: {}",
           folders_),
        folders_, log.place(first_folder_)));
  }
  if (count_ == 0) return;
  const char* text =
      dry_run
          ? n_("{} file of the target is newer than in the snapshot and would be replaced: {}. To "
               "keep such files: --overwrite if-newer.",
               "{} files of the target are newer than in the snapshot and would be replaced, the "
               "newest being {}. To keep such files: --overwrite if-newer.",
               count_)
          : n_("{} file of the target is newer than in the snapshot and is replaced: {}",
               "{} files of the target are newer than in the snapshot and are replaced, the newest "
               "being {}",
               count_);
  log.notice(format_text(text, count_, log.place(newest_)));
}

void OthersFiles::add(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (count_ == 0) first_ = path;
  ++count_;
}

void OthersFiles::report(RestoreLog& log) const {
  if (count_ == 0) return;
  log.notice(format_text(
      n_("{} file of the target belongs to somebody else and makes way for one that belongs to "
         "you, because only root can give files to others: {}",
         "{} files of the target belong to somebody else and make way for files that belong to "
         "you, because only root can give files to others; the first: {}",
         count_),
      count_, log.place(first_)));
}

void PlanNotes::report(RestoreLog& log) const {
  patterns.report(log);
  newer.report(log, dry_run);
  others.report(log);
  const unsigned long kept = extras_kept;
  if (kept == 0) return;
  log.notice(format_text(
      n_("{} entry of the target was kept although the snapshot does not have it: it lies beside "
         "what was saved",
         "{} entries of the target were kept although the snapshot does not have them: they lie "
         "beside what was saved",
         kept),
      kept));
}

}  // namespace medsave
