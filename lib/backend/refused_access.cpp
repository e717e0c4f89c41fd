#include "refused_access.hpp"

#include "medsave/base/text.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/host.hpp"

#include <filesystem>
#include <optional>

namespace medsave {
namespace {

/// The owner of `path`, or of the closest folder above it that can be examined.
std::string owner_of(const std::filesystem::path& path) {
  std::optional<FileInfo> info;
  try {
    info = stat_at(kCurrentDirectory, path.string());
  } catch (const Error&) {  // it cannot be looked at
  }
  if (!info && path.has_relative_path() && path.has_parent_path()) {
    return owner_of(path.parent_path());
  }
  return user_label(info ? info->uid : 0);
}

}  // namespace

Error refused_write(const std::string& folder, const std::string& root) {
  if (owner_of(folder) == user_name()) {
    return {Errc::permission,
            format_text(_("permission denied: the user {0} may not write in the folder {1}, "
                          "although it is the owner. What is saved in the repository is untouched. "
                          "Give yourself the right again: \"chmod -R u+rwX {2}\"."),
                        user_name(), folder, root)};
  }
  return {
      Errc::permission,
      format_text(
          _("permission denied: the user {0} may not write in the folder {1}, which belongs to "
            "{2}. What is saved in the repository is untouched. Run the command as the user who "
            "made the repository, or give {0} the right to write in {3} and in all its folders."),
          user_name(), folder, owner_of(folder), root)};
}

Error refused_read(const std::string& path, const std::string& root) {
  if (owner_of(path) == user_name()) {
    return {Errc::permission,
            format_text(_("permission denied: the user {0} may not read {1}, although it is the "
                          "owner. What is saved in the repository is untouched. Give yourself the "
                          "right again: \"chmod -R u+rX {2}\"."),
                        user_name(), path, root)};
  }
  return {
      Errc::permission,
      format_text(_("permission denied: the user {0} may not read {1}, which belongs to {2}. What "
                    "is saved in the repository is untouched. Run the command as the user who made "
                    "the repository, or give {0} the right to read {3} and all that lies in it."),
                  user_name(), path, owner_of(path), root)};
}

Error write_protected(const std::string& root) {
  return {
      Errc::read_only,
      format_text(_("the medium of the repository at {0} is write-protected, so that nothing "
                    "more could be written: by a switch of the drive, because it is mounted "
                    "read-only, or because the system has made it so as the drive is failing. "
                    "What is saved there is untouched and can be "
                    "restored. To go on, make it writable (\"mount -o remount,rw\"), or save to "
                    "another drive."),
                  root)};
}

}  // namespace medsave
