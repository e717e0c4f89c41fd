#include "medsave/remote/rclone_backend.hpp"

#include "connections_option.hpp"
#include "opening.hpp"
#include "rclone_process.hpp"
#include "rest_backend.hpp"
#include "stored_files.hpp"

#include "medsave/backend/checks.hpp"
#include "medsave/backend/file_layout.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/sys/process.hpp"

#include <mutex>
#include <string_view>
#include <utility>

namespace medsave {
namespace {

constexpr unsigned kMaxRestarts = 3;
// Factor for our time-outs: rclone has its own one and repeats requests, while it sends us nothing.
constexpr int kPatience = 3;
constexpr std::string_view kNoFolder = "directory not found";

/// One rclone and the connections to it.
struct Session {
  Session(const RcloneSetup& setup, unsigned connections, const RemoteOptions& options,
          const std::shared_ptr<StoredFiles>& stored)
      : rclone(setup), rest(connect_rest(rclone.address(), connections, options, stored)) {}
  RcloneProcess rclone;
  const std::unique_ptr<Backend> rest;
};

/// REST to an rclone that is started again when it dies (some drives take much memory).
class RcloneBackend : public Backend {
  // Deduced return types must be seen before they are used.
  [[nodiscard]] std::shared_ptr<Session> current() const {
    const std::lock_guard lock(mutex_);
    return session_;
  }
  template <typename Request>
  auto call(const Request& request) {
    const std::shared_ptr<Session> session = current();
    try {
      return request(*session->rest);
    } catch (const Error& e) {
      if (e.code() != Errc::io) throw;
      if (session->rclone.has_ended()) start_again(session);  // for whoever repeats the request
      const std::string said = session->rclone.last_said();   // HTTP's status says little
      if (said.empty()) throw;
      throw Error(Errc::io, format_text("{} ({})", e.what(), said));
    }
  }
  void start_again(const std::shared_ptr<Session>& ended);

 public:
  RcloneBackend(RcloneSetup setup, unsigned connections, RemoteOptions options)
      : setup_(std::move(setup)),
        options_(std::move(options)),
        connections_(connections),
        session_(std::make_shared<Session>(setup_, connections_, options_, stored_)) {}

  [[nodiscard]] std::string location() const override { return current()->rest->location(); }
  [[nodiscard]] unsigned connections() const override { return connections_; }
  void create() override {
    call([](Backend& rest) { rest.create(); });
  }
  void save(const FileRef& file, Buffer&& data) override {
    call([&](Backend& rest) { rest.save(file, std::move(data)); });
  }
  void barrier() override {
    call([](Backend& rest) { rest.barrier(); });
  }
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override {
    call([&](Backend& rest) { rest.load(file, limit, out); });
  }
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override {
    call([&](Backend& rest) { rest.load_range(file, offset, length, out); });
  }
  std::optional<std::uint64_t> size(const FileRef& file) override {
    return call([&](Backend& rest) { return rest.size(file); });
  }
  std::vector<ListedFile> list(FileKind kind) override;
  [[nodiscard]] bool list_proves_names() const override {
    return current()->rest->list_proves_names();
  }
  // By this class's list(), which looks at rclone's messages; that of the session does not.
  Opening load_opening() override { return load_opening_at_once(*this); }
  void remove(const FileRef& file) override {
    call([&](Backend& rest) { rest.remove(file); });
  }
  std::uint64_t remove_leftovers() override {
    return call([](Backend& rest) { return rest.remove_leftovers(); });
  }
  bool can_delete() override {
    return call([](Backend& rest) { return rest.can_delete(); });
  }
  [[nodiscard]] Traffic traffic() const override;

 private:
  const RcloneSetup setup_;
  const RemoteOptions options_;
  const unsigned connections_;
  const std::shared_ptr<StoredFiles> stored_ = std::make_shared<StoredFiles>();
  mutable std::mutex mutex_;  // guards what follows
  std::shared_ptr<Session> session_;
  Traffic earlier_ = {};  // of the sessions before
  unsigned restarts_ = 0;
};

/// rclone leaves out what it could not read, answers as if that were all, and says so only on its
/// standard error.
std::vector<ListedFile> RcloneBackend::list(FileKind kind) {
  static const FileLayout kNames("");
  const std::shared_ptr<Session> session = current();
  const std::uint64_t before = session->rclone.errors();
  std::vector<ListedFile> files = call([&](Backend& rest) { return rest.list(kind); });
  const std::string folder = kNames.folder_of(kind).substr(1);
  const std::string problem = session->rclone.error_about(folder, before);
  if (problem.empty()) return files;
  if (problem.find(kNoFolder) != std::string::npos) {
    // Without a config there is no repository yet, so that the folder may be missing. Storages that
    // have no empty folders report nothing.
    if (kind == FileKind::lock || !size({.kind = FileKind::config})) return files;
    throw Error(Errc::not_found, format_text(_("{}: the repository's folder {} is missing; {}"),
                                             location(), folder, missing_folder_advice(kind)));
  }
  throw Error(Errc::io, format_text(_("listing files of the kind \"{}\": rclone could not read all "
                                      "of {}: {}"),
                                    file_kind_name(kind), location(), problem));
}

void RcloneBackend::start_again(const std::shared_ptr<Session>& ended) {
  const std::lock_guard lock(mutex_);
  if (session_ != ended || options_.stop.stop_requested()) return;
  if (restarts_ == kMaxRestarts) {
    throw Error(Errc::usage,
                format_text(_("{}: {} ends again and again: {}"), ended->rest->location(),
                            setup_.program, ended->rclone.last_said()));
  }
  ++restarts_;
  const Traffic traffic = ended->rest->traffic();
  session_ = std::make_shared<Session>(setup_, connections_, options_, stored_);
  earlier_.requests += traffic.requests;
  earlier_.sent += traffic.sent;
  earlier_.received += traffic.received;
}

Traffic RcloneBackend::traffic() const {
  const std::lock_guard lock(mutex_);
  Traffic sum = session_->rest->traffic();
  sum.requests += earlier_.requests;
  sum.sent += earlier_.sent;
  sum.received += earlier_.received;
  return sum;
}

std::string option(const RemoteOptions& options, const char* name, const char* otherwise) {
  const auto found = options.extended.find(name);
  return found == options.extended.end() ? otherwise : found->second;
}

/// How long rclone may take to answer when it is started.
std::chrono::seconds start_timeout(const RemoteOptions& options) {
  const std::string text = option(options, "rclone.timeout", "1m");
  const auto timeout = parse_go_duration(text);
  if (!timeout || *timeout < std::chrono::seconds(1)) {
    throw Error(Errc::usage,
                format_text(_("rclone.timeout: \"{}\" is not a duration of a second or more, like "
                              "1m or 30s"),
                            text));
  }
  return std::chrono::duration_cast<std::chrono::seconds>(*timeout);
}

/// restic's rclone.args begin with "serve restic --stdio"; we add such words ourselves.
std::vector<std::string> more_arguments(const RemoteOptions& options) {
  std::vector<std::string> words =
      split_command(option(options, "rclone.args", "--b2-hard-delete"));
  for (const char* ours : {"serve", "restic", "--stdio"}) {
    if (!words.empty() && words.front() == ours) words.erase(words.begin());
  }
  return words;
}

}  // namespace

std::unique_ptr<Backend> make_rclone_backend(const std::string& remote,
                                             const RemoteOptions& options) {
  if (remote.empty()) {
    throw Error(Errc::usage, _("rclone: needs a remote and a path: rclone:REMOTE:PATH"));
  }
  RcloneSetup setup{.program = option(options, "rclone.program", "rclone"),
                    .arguments = more_arguments(options),
                    .remote = remote,
                    .stop = options.stop,
                    .start_timeout = start_timeout(options)};
  RemoteOptions patient = options;
  patient.stuck_request_timeout *= kPatience;
  return std::make_unique<RcloneBackend>(
      std::move(setup), connections_option(options, "rclone.connections"), std::move(patient));
}

}  // namespace medsave
