#include "medsave/remote/rclone_backend.hpp"

#include "rclone_process.hpp"
#include "rest_connection.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/process.hpp"
#include "medsave/sys/signals.hpp"

#include <mutex>
#include <utility>

namespace medsave {
namespace {

constexpr unsigned kMaxRestarts = 3;
// rclone watches its own line (--timeout) and repeats itself; meanwhile it says nothing to us.
constexpr int kPatience = 3;

/// One rclone and the connections to it.
struct Session {
  Session(const RcloneSetup& setup, unsigned connections, const RemoteOptions& options)
      : rclone(setup), rest(connect_rest(rclone.address(), connections, options)) {}
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
        session_(std::make_shared<Session>(setup_, connections_, options_)) {}

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
  std::vector<ListedFile> list(FileKind kind) override {
    return call([&](Backend& rest) { return rest.list(kind); });
  }
  Opening load_opening() override {
    return call([](Backend& rest) { return rest.load_opening(); });
  }
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
  mutable std::mutex mutex_;  // guards what follows
  std::shared_ptr<Session> session_;
  Traffic earlier_ = {};  // of the sessions before
  unsigned restarts_ = 0;
};

void RcloneBackend::start_again(const std::shared_ptr<Session>& ended) {
  const std::lock_guard lock(mutex_);
  if (session_ != ended || interrupt_requested()) return;
  if (restarts_ == kMaxRestarts) {
    throw Error(Errc::usage,
                format_text(_("{}: {} ends again and again: {}"), ended->rest->location(),
                            setup_.program, ended->rclone.last_said()));
  }
  ++restarts_;
  const Traffic traffic = ended->rest->traffic();
  session_ = std::make_shared<Session>(setup_, connections_, options_);
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

/// What users of restic have may begin with the words that are ours to say.
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
                    .remote = remote};
  RemoteOptions patient = options;
  patient.stuck_request_timeout *= kPatience;
  return std::make_unique<RcloneBackend>(
      std::move(setup), connections_option(options, "rclone.connections"), std::move(patient));
}

}  // namespace medsave
