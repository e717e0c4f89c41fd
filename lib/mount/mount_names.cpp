#include "medsave/mount/mount_names.hpp"

#include "layout_path.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <cstddef>
#include <string_view>

namespace medsave {
namespace {

constexpr std::string_view kVariables = "iIuhtT";

void check_path_template(const std::string& pattern) {
  bool tells_snapshots_apart = false;
  for (std::size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] != '%') continue;
    ++i;
    tells_snapshots_apart |= kVariables.find(pattern[i]) != std::string_view::npos;
  }
  if (!tells_snapshots_apart) {
    throw Error(Errc::usage,
                format_text(_("path template \"{}\": it must have one of %i, %I, %u, %h, %t, %T"),
                            pattern));
  }
  for (const std::string_view name : layout_path_names(pattern)) {
    if (name == "..") {
      throw Error(Errc::usage,
                  format_text(_("path template \"{}\": \"..\" is not possible"), pattern));
    }
  }
}

}  // namespace

void check_mount_names(const MountNames& names) {
  const std::string& time = names.time_template;
  if (time.empty()) throw Error(Errc::usage, _("time template string cannot be empty"));
  if (time.starts_with('/') || time.ends_with('/')) {
    throw Error(Errc::usage, _("time template string cannot start or end with '/'"));
  }
  for (const std::string_view name : layout_path_names(time)) {
    if (name == "..") throw Error(Errc::usage, _("time template string cannot have \"..\""));
  }
  for (const std::string& pattern : names.path_templates) check_path_template(pattern);
}

}  // namespace medsave
