#include "medsave/repo/lock_removal.hpp"

#include "lock_owner.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/repo/list_again.hpp"

#include <vector>

namespace medsave {

std::size_t remove_locks(const Repository& repository, bool all, const NoticeSink& problem) {
  Backend& backend = repository.backend();
  const Timestamp now = repository.clock().now();
  std::vector<Id> removed;
  for (const ListedFile& listed : backend.list(FileKind::lock)) {
    const FileRef file{.kind = FileKind::lock, .id = listed.id};
    if (listed.size == 0 && !all) continue;
    try {
      if (!all) {
        Buffer json;
        repository.load_json(file, json);
        if (!is_stale(decode_lock_file(as_text(json.view())), now)) continue;
      }
      backend.remove(file);
      removed.push_back(listed.id);
    } catch (const Error& e) {
      if (e.code() != Errc::not_found && problem) problem(e.what());
    }
  }
  const std::vector<Id> left = find_undeleted(repository, FileKind::lock, removed, {});
  for (const Id& id : left) {
    if (!problem) continue;
    problem(format_text(_("{} is still there although the storage said that it deleted it"),
                        describe({.kind = FileKind::lock, .id = id})));
  }
  return removed.size() - left.size();
}

}  // namespace medsave
