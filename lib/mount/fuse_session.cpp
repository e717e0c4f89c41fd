#include "fuse_session.hpp"

#include "fuse_operations.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/thread.hpp"
#include "medsave/sys/fd.hpp"
#include "medsave/sys/signals.hpp"
#include "medsave/sys/unmount.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace medsave {
namespace {

constexpr const char* kDevice = "/dev/fuse";
constexpr unsigned kThreads = 8;  // most of them wait for the disk or the network
constexpr auto kWakeInterval = std::chrono::milliseconds(20);

struct SessionDeleter {
  void operator()(fuse_session* session) const { fuse_session_destroy(session); }
};
using Session = std::unique_ptr<fuse_session, SessionDeleter>;

struct LoopConfigDeleter {
  void operator()(fuse_loop_config* config) const { fuse_loop_cfg_destroy(config); }
};
using LoopConfig = std::unique_ptr<fuse_loop_config, LoopConfigDeleter>;

Session create_session(MountView& view, const MountRequest& request) {
  std::string program = "medsave";
  std::string flag = "-o";
  std::string options = "ro,nodev,nosuid,noatime,fsname=medsave";
  if (request.allow_other) options += ",allow_other";
  if (request.allow_other && request.default_permissions) options += ",default_permissions";
  std::array<char*, 4> arguments = {program.data(), flag.data(), options.data(), nullptr};
  fuse_args args = FUSE_ARGS_INIT(static_cast<int>(arguments.size()) - 1, arguments.data());
  const fuse_lowlevel_ops operations = fuse_operations();
  Session session(fuse_session_new(&args, &operations, sizeof operations, &view));
  fuse_opt_free_args(&args);
  if (!session) throw Error(Errc::io, _("libfuse cannot start"));
  return session;
}

void mount_session(fuse_session* session, const MountRequest& request) {
  if (fuse_session_mount(session, request.mountpoint.c_str()) == 0) return;
  throw Error(Errc::permission,
              format_text(_("cannot mount at {}: see the message above. An ordinary user needs the "
                            "program fusermount3 (package fuse3) and must own the folder; "
                            "--allow-other needs \"user_allow_other\" in /etc/fuse.conf."),
                          request.mountpoint));
}

/// A signal that only ends the system call a thread waits in. The former handler comes back.
class WakeSignal {
 public:
  static constexpr int kNumber = SIGUSR1;

  WakeSignal() {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    ::sigaction(kNumber, &action, &former_);
  }
  ~WakeSignal() { ::sigaction(kNumber, &former_, nullptr); }
  WakeSignal(const WakeSignal&) = delete;
  WakeSignal& operator=(const WakeSignal&) = delete;

 private:
  struct sigaction former_ = {};
};

/// libfuse's loop on a thread of its own, so that a stop need not come as a signal.
class Loop {
 public:
  explicit Loop(fuse_session* session) : session_(session) {
    try {
      thread_ = std::thread([this] { run(); });
    } catch (const std::system_error& e) {
      throw_no_thread(e);
    }
  }

  /// Returns when the folder was unmounted, or after a stop. What the loop returned.
  int wait(const std::stop_token& stop) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [&] { return ended_; });
      if (!ended_) fuse_session_exit(session_);
      // The loop looks for the end when a signal wakes it; one may come just before it sleeps.
      while (!ended_) {
        ::pthread_kill(thread_.native_handle(), WakeSignal::kNumber);
        changed_.wait_for(lock, kWakeInterval, [&] { return ended_; });
      }
    }
    thread_.join();
    return result_;
  }

 private:
  void run() {
    const LoopConfig config(fuse_loop_cfg_create());
    fuse_loop_cfg_set_max_threads(config.get(), kThreads);
    fuse_loop_cfg_set_idle_threads(config.get(), kThreads);
    const int result = fuse_session_loop_mt(session_, config.get());
    const std::lock_guard lock(mutex_);
    result_ = result;
    ended_ = true;
    changed_.notify_all();
  }

  fuse_session* session_;
  std::mutex mutex_;  // guards ended_, result_
  std::condition_variable_any changed_;
  bool ended_ = false;
  int result_ = 0;
  std::thread thread_;  // last: uses all the above
};

/// Unmounts whatever happens after mounting.
class Mounted {
 public:
  explicit Mounted(fuse_session* session) : session_(session) {}
  ~Mounted() { fuse_session_unmount(session_); }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;

 private:
  fuse_session* session_;
};

}  // namespace

void require_fuse() {
  const UniqueFd device(::open(kDevice, O_RDWR | O_CLOEXEC));
  if (device) return;
  if (errno == EACCES || errno == EPERM) {
    throw Error(Errc::permission,
                format_text(_("no permission to use {}: a container must be given this device and "
                              "the right to mount"),
                            kDevice));
  }
  throw Error(Errc::unsupported,
              format_text(_("this system has no FUSE ({} is missing): \"modprobe fuse\" as root "
                            "loads it; a container must be given this device and the right to "
                            "mount"),
                          kDevice));
}

void run_fuse_session(MountView& view, const MountRequest& request,
                      const std::function<void()>& ready, const std::stop_token& stop) {
  const Session session = create_session(view, request);
  mount_session(session.get(), request);
  const WakeSignal wake;
  const Mounted mounted(session.get());
  const OnForcedExit forced([&] { unmount_lazily(request.mountpoint); });
  Loop loop(session.get());
  if (ready) ready();
  if (loop.wait(stop) < 0 && !stop.stop_requested()) {
    throw Error(Errc::io, format_text(_("the connection to the kernel broke; {} is unmounted"),
                                      request.mountpoint));
  }
}

}  // namespace medsave
