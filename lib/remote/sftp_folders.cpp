#include "sftp_folders.hpp"

#include "sftp_files.hpp"

#include "medsave/backend/file_layout.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace medsave {
namespace {

constexpr std::string_view kFsync = "fsync@openssh.com";

/// Opens, reads and closes folders; each answer sends the next request of its folder, so that all
/// of them advance at the same time.
class Lister {
 public:
  using Visit = std::function<void(std::size_t, const SftpName&)>;

  Lister(SftpSession& session, const std::vector<std::string>& folders, const Visit& visit,
         std::size_t most_entries)
      : session_(session),
        folders_(folders),
        visit_(visit),
        most_entries_(most_entries),
        states_(folders.size()) {}

  std::vector<std::size_t> run() {
    open_more();
    session_.finish();
    if (interrupted_) throw Interrupted();
    if (endless_) {
      throw Error(Errc::corrupt, format_text(_("{}: the server's list of this folder does not end"),
                                             folders_[*endless_]));
    }
    if (failure_) throw sftp_status_error(*failure_, failed_path_);
    return std::move(missing_);
  }

 private:
  struct State {
    std::string handle = {};
    unsigned parts = 1;
    unsigned asked = 0;  // requests under way
    bool ended = false;
  };

  void open_more() {
    for (; next_ < folders_.size() && open_ < session_.open_handles() && !failure_ && !endless_ &&
           !interrupted_;
         ++next_) {
      ++open_;
      session_.request(
          SftpType::opendir, [this](SftpWriter& w) { w.text(folders_[next_]); },
          [this, folder = next_](const SftpReply& reply) { opened(folder, reply); });
    }
  }

  void opened(std::size_t folder, const SftpReply& reply) {
    if (reply.type == SftpType::status) {
      SftpStatus status = decode_sftp_status(reply);
      if (status.code == SftpCode::no_such_file) {
        missing_.push_back(folder);
      } else {
        note_failure(folder, std::move(status));
      }
      --open_;
      open_more();
      return;
    }
    states_[folder].handle = decode_sftp_handle(reply);
    read_more(folder);
  }

  /// Asks for several parts at once, first for two: the names and the end of a folder that is not
  /// large then come with one round trip.
  void read_more(std::size_t folder) {
    constexpr unsigned kMostParts = 16;
    State& state = states_[folder];
    state.parts = std::min(2 * state.parts, kMostParts);
    while (state.asked < state.parts) read(folder);
  }

  void read(std::size_t folder) {
    ++states_[folder].asked;
    session_.request(
        SftpType::readdir, [&](SftpWriter& w) { w.text(states_[folder].handle); },
        [this, folder](const SftpReply& reply) { take(folder, reply); });
  }

  void take(std::size_t folder, const SftpReply& reply) {
    State& state = states_[folder];
    --state.asked;
    if (reply.type == SftpType::status) {
      SftpStatus status = decode_sftp_status(reply);
      if (status.code != SftpCode::end_of_file) note_failure(folder, std::move(status));
      state.ended = true;
    } else {
      const std::vector<SftpName> names = decode_sftp_names(reply);
      entries_ += names.size();
      for (const SftpName& name : names) without_size_ += name.attributes.size ? 0U : 1U;
      interrupted_ = interrupted_ || session_.was_interrupted();
      if (entries_ > most_entries_ || without_size_ > kMostWithoutSize) {
        endless_ = folder;
        state.ended = true;
      } else if (interrupted_) {
        state.ended = true;
      } else {
        for (const SftpName& name : names) visit_(folder, name);
      }
    }
    if (state.asked != 0) return;
    if (!state.ended) {
      read_more(folder);
      return;
    }
    session_.forget(SftpType::close, [&](SftpWriter& w) { w.text(state.handle); });
    --open_;
    open_more();
  }

  void note_failure(std::size_t folder, SftpStatus status) {
    if (failure_ || status.code == SftpCode::ok) return;
    failure_ = std::move(status);
    failed_path_ = folders_[folder];
  }

  // The name of a file whose size is yet to be asked for is kept too.
  static constexpr std::size_t kMostWithoutSize = 2'000'000;

  SftpSession& session_;
  const std::vector<std::string>& folders_;
  const Visit& visit_;
  const std::size_t most_entries_;
  std::size_t entries_ = 0;             // of all folders
  std::size_t without_size_ = 0;        // of these
  std::optional<std::size_t> endless_;  // the folder with one too many
  bool interrupted_ = false;
  std::vector<State> states_;
  std::size_t next_ = 0;
  std::size_t open_ = 0;
  std::vector<std::size_t> missing_;
  std::optional<SftpStatus> failure_;
  std::string failed_path_;
};

}  // namespace

std::vector<std::size_t> list_sftp_folders(
    SftpSession& session, const std::vector<std::string>& folders,
    const std::function<void(std::size_t, const SftpName&)>& visit, std::size_t most_entries) {
  return Lister(session, folders, visit, most_entries).run();
}

void make_sftp_folders(SftpSession& session, const std::vector<std::string>& folders,
                       std::uint32_t mode) {
  const std::vector<SftpStatus> made = ask_sftp(
      session, SftpType::mkdir, folders.size(),
      [&](std::size_t i, SftpWriter& w) { w.text(folders[i]).attributes({.mode = mode}); });
  constexpr std::uint32_t kOthers = 077;
  std::vector<std::string> fresh;
  std::vector<std::string> refused;
  std::vector<SftpStatus> reasons;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    if (made[i].code == SftpCode::ok) {
      fresh.push_back(folders[i]);
    } else {
      refused.push_back(folders[i]);
      reasons.push_back(made[i]);
    }
  }
  // For a folder that exists the answer is only "failure", so each refused one is looked at.
  const std::vector<SftpStat> there = stat_sftp_files(session, refused);
  for (std::size_t i = 0; i < refused.size(); ++i) {
    const std::optional<SftpAttributes>& attributes = there[i].attributes;
    if (!attributes || !attributes->is_folder()) throw sftp_status_error(reasons[i], refused[i]);
  }
  // The server's umask may have taken away what a group needs.
  if ((mode & kOthers) == 0) return;
  ask_sftp(session, SftpType::setstat, fresh.size(),
           [&](std::size_t i, SftpWriter& w) { w.text(fresh[i]).attributes({.mode = mode}); });
}

/// What the answers said; lives as long as the last of them is awaited.
struct SftpFolderSync::State {
  bool one_was_opened = false;
  std::vector<std::pair<SftpStatus, std::string>> not_opened = {};
  std::optional<std::pair<SftpStatus, std::string>> failure = {};
};

SftpFolderSync::SftpFolderSync(SftpSession& session, const std::vector<std::string>& folders)
    : state_(std::make_shared<State>()) {
  if (!session.offers(kFsync)) return;
  for (const std::string& folder : folders) {
    session.wait_for_room();
    session.request(
        SftpType::open,
        [&](SftpWriter& w) { w.text(folder).number(sftp_open::kRead).attributes({}); },
        [&session, folder, state = state_](const SftpReply& reply) {
          if (reply.type == SftpType::status) {
            state->not_opened.emplace_back(decode_sftp_status(reply), folder);
            return;
          }
          state->one_was_opened = true;
          const std::string handle = decode_sftp_handle(reply);
          session.request(
              SftpType::extended, [&](SftpWriter& w) { w.text(kFsync).text(handle); },
              [folder, state](const SftpReply& answer) {
                SftpStatus status = decode_sftp_status(answer);
                if (!is_synced(status)) state->failure.emplace(std::move(status), folder);
              });
          session.forget(SftpType::close, [&](SftpWriter& w) { w.text(handle); });
        });
  }
}

void SftpFolderSync::check(bool may_be_missing) const {
  if (state_->failure) throw sftp_sync_error(state_->failure->first, state_->failure->second);
  for (const auto& [status, folder] : state_->not_opened) {
    // Some servers do not open folders at all; then they cannot make their entries durable.
    const bool no_other_reason = status.code == SftpCode::failure && state_->one_was_opened;
    const bool vanished = status.code == SftpCode::no_such_file && !may_be_missing;
    if (no_other_reason || vanished) {
      throw sftp_sync_error(status, folder);
    }
  }
}

std::uint64_t remove_sftp_leftovers(SftpSession& session, const std::vector<std::string>& folders) {
  constexpr std::uint32_t kOld = 24 * 60 * 60;  // seconds
  struct Leftover {
    std::string path;
    std::uint64_t size;
    std::uint32_t modified;
  };
  std::vector<Leftover> leftovers;
  // The server's clock is another one than ours; this is the latest that is known of it. Our own
  // lock has changed a folder just now.
  std::uint32_t latest = 0;
  list_sftp_folders(session, folders, [&](std::size_t folder, const SftpName& entry) {
    const SftpAttributes& attributes = entry.attributes;
    if (entry.name == "..") return;
    latest = std::max(latest, attributes.modified.value_or(0));
    if (!is_temporary_name(entry.name) || !attributes.may_be_file() || !attributes.modified) return;
    leftovers.push_back({.path = folders[folder] + "/" + entry.name,
                         .size = attributes.size.value_or(0),
                         .modified = *attributes.modified});
  });
  std::vector<std::string> old;
  std::uint64_t freed = 0;
  for (const Leftover& leftover : leftovers) {
    if (latest - leftover.modified < kOld) continue;
    old.push_back(leftover.path);
    freed += leftover.size;
  }
  remove_sftp_files(session, old);
  return freed;
}

}  // namespace medsave
