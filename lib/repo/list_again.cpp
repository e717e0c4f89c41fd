#include "medsave/repo/list_again.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/par/pause.hpp"
#include "medsave/repo/index_load.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <unordered_set>

namespace medsave {
namespace {

[[noreturn]] void throw_contradiction() {
  throw Error(Errc::io, _("the repository's list of files changed between two looks although it is "
                          "locked, so it cannot be relied on; nothing was removed. Look at the "
                          "medium or the server, run \"medsave check\", then try again."));
}

}  // namespace

void require_same_list(const Repository& repository, FileKind kind, std::vector<Id> first) {
  std::vector<Id> second;
  for (const ListedFile& file : repository.backend().list(kind)) second.push_back(file.id);
  for (std::vector<Id>* ids : {&first, &second}) {
    std::ranges::sort(*ids);
    const auto repeated = std::ranges::unique(*ids);
    ids->erase(repeated.begin(), repeated.end());
  }
  if (first != second) throw_contradiction();
}

void require_complete_index(const Repository& repository, const Index& index,
                            const std::stop_token& stop) {
  LoadIndexReport report;
  const std::unique_ptr<Index> again = load_index(repository, stop, &report);
  for (const PackSummary& pack : again->packs()) {
    if (!index.contains_pack(pack.id)) throw_contradiction();
  }
}

std::vector<Id> find_undeleted(const Repository& repository, FileKind kind,
                               const std::vector<Id>& deleted, const std::stop_token& stop) {
  if (deleted.empty()) return {};
  const std::unordered_set<Id> gone(deleted.begin(), deleted.end());
  std::vector<Id> left;
  for (const int pause : {0, 500, 2000}) {
    if (pause != 0) pause_for(std::chrono::milliseconds(pause), stop);
    left.clear();
    for (const ListedFile& file : repository.backend().list(kind)) {
      if (!gone.contains(file.id)) continue;
      if (repository.backend().size({.kind = kind, .id = file.id})) left.push_back(file.id);
    }
    if (left.empty()) break;
  }
  std::ranges::sort(left);
  return left;
}

void require_deleted(const Repository& repository, FileKind kind, const std::vector<Id>& deleted,
                     const std::stop_token& stop) {
  std::string names;
  for (const Id& id : find_undeleted(repository, kind, deleted, stop)) {
    if (!names.empty()) names += ", ";
    names += id.hex();
  }
  if (names.empty()) return;
  throw Error(
      Errc::io,
      format_text(_("the storage said that it deleted files of the kind \"{}\", but they are still "
                    "there: {}. Look at the medium or the server, then run the command again."),
                  file_kind_name(kind), names));
}

}  // namespace medsave
