#include "medsave/mount/mount_fs.hpp"

#include "fuse_session.hpp"
#include "mount_view.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/path.hpp"
#include "medsave/sys/system_error.hpp"

#include <filesystem>
#include <system_error>

namespace medsave {
namespace {

bool lies_in(const std::filesystem::path& inner, const std::filesystem::path& outer) {
  const std::filesystem::path relative = inner.lexically_relative(outer);
  return !relative.empty() && *relative.begin() != "..";
}

std::string real_mountpoint(const std::string& mountpoint) {
  std::error_code error;
  std::string real = real_path(mountpoint, error);
  if (!error) {
    const std::optional<FileInfo> there = stat_at(kCurrentDirectory, real);
    if (there && there->is_dir()) return real;
  }
  if (error == std::errc::no_such_file_or_directory) {
    throw Error(Errc::not_found, format_text(_("mountpoint {} does not exist; make it (\"mkdir "
                                               "{}\"), or choose a folder that is there"),
                                             mountpoint, mountpoint));
  }
  if (error == std::errc::not_connected) {
    throw Error(Errc::io, format_text(_("mountpoint {}: something that was mounted there crashed; "
                                        "unmount it first: fusermount3 -u {}"),
                                      mountpoint, mountpoint));
  }
  if (error) {
    throw error_from_errno(error.value(), format_text(_("mountpoint {}"), mountpoint));
  }
  throw Error(Errc::usage, format_text(_("mountpoint {} is not a folder"), mountpoint));
}

}  // namespace

void check_mountpoint(const std::string& mountpoint,
                      const std::optional<std::string>& repository_folder) {
  const std::string point = real_mountpoint(mountpoint);
  if (!repository_folder) return;
  std::error_code error;
  const std::string repository = real_path(*repository_folder, error);
  if (error) return;  // opening it tells what is wrong
  if (lies_in(point, repository) || lies_in(repository, point)) {
    throw Error(Errc::usage,
                format_text(_("the mountpoint {} and the repository {} overlap; choose a folder "
                              "that neither lies in the repository nor contains it"),
                            mountpoint, *repository_folder));
  }
}

void serve_mount(const Repository& repository, const MountRequest& request, const MountSinks& sinks,
                 const std::stop_token& stop) {
  check_mount_names(request.names);
  require_fuse();
  MountView view(repository, request, sinks.notice, stop);
  // libfuse looks at the path once more when it is mounted: one that leads through the new mount
  // ("folder/.") would wait for answers before anybody gives them.
  MountRequest resolved = request;
  resolved.mountpoint = real_mountpoint(request.mountpoint);
  run_fuse_session(view, resolved, sinks.ready, stop);
}

}  // namespace medsave
