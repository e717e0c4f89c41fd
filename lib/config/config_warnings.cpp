#include "medsave/config/config_warnings.hpp"

#include "medsave/base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string_view>
#include <unordered_map>

namespace medsave {
namespace {

constexpr std::size_t kWorkingDays = 5;
constexpr std::size_t kFewestMedia = 2;  // of which one can be elsewhere

/// A folder of a target, or of a source, and where it is named.
struct NamedPath {
  std::string key = {};   // "folder[1].path"
  std::string name = {};  // of the target or the source
  std::string path = {};
};

/// Whether `inner` is `outer` or lies below it. Both are absolute.
bool lies_in(std::string_view inner, std::string_view outer) {
  if (outer == "/") return true;
  return inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '/');
}

class Warnings {
 public:
  Warnings(const ConfigReading& reading, const ConfigFacts& facts)
      : config_(reading.config), facts_(facts) {
    for (const ConfigEntry& entry : reading.entries) places_.emplace(entry.key, entry.place);
  }

  std::vector<ConfigWarning> find() {
    look_at_password();
    look_at_places();
    look_at_targets();
    look_at_days();
    for (std::size_t i = 0; i < config_.remotes.size(); ++i) look_at_remote(i);
    std::ranges::stable_sort(out_, {}, [](const ConfigWarning& w) { return w.place.line; });
    return std::move(out_);
  }

 private:
  void warn(const char* code, const std::string& key, ConfigPlace place, std::string message) {
    out_.push_back({.code = code, .place = place, .key = key, .message = std::move(message)});
  }

  [[nodiscard]] ConfigPlace place_of(const std::string& key) const {
    const auto found = places_.find(key);
    return found == places_.end() ? ConfigPlace{} : found->second;
  }

  void look_at_password() {
    const std::string& file = config_.password.file;
    const ConfigPlace place = place_of("password-file");
    if (config_.password.empty()) {
      warn(
          "config_no_password", "password-file", {},
          format_text(_("no password is given: a run that nobody watches cannot open a repository; "
                        "set {}, {} or {}"),
                      "password-command", "password-file", "keyring = true"));
    } else if (!file.empty() && facts_.password_file_missing) {
      warn("config_password_file_missing", "password-file", place,
           format_text(_("there is no password file {}"), file));
    } else if (!file.empty() && facts_.password_file_exposed) {
      warn("config_password_file_exposed", "password-file", place,
           format_text(_("the password file {} can be read by other users of this computer: "
                         "chmod 600 {}"),
                       file, file));
    }
  }

  [[nodiscard]] std::string resolved(const std::string& path) const {
    const auto found = facts_.resolved.find(path);
    const std::string& known = found == facts_.resolved.end() ? path : found->second;
    std::string plain = std::filesystem::path(known).lexically_normal().string();
    while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
    return plain;
  }

  [[nodiscard]] std::vector<NamedPath> target_paths() const {
    std::vector<NamedPath> out;
    for (std::size_t i = 0; i < config_.media.size(); ++i) {
      const MediumConfig& medium = config_.media[i];
      if (medium.path.empty()) continue;
      out.push_back({.key = fmt::format("medium[{}].path", i + 1),
                     .name = medium.name,
                     .path = resolved(medium.path)});
    }
    for (std::size_t i = 0; i < config_.folders.size(); ++i) {
      const FolderConfig& folder = config_.folders[i];
      out.push_back({.key = fmt::format("folder[{}].path", i + 1),
                     .name = folder.name,
                     .path = resolved(folder.path)});
    }
    return out;
  }

  /// A backup that is saved with what it is of grows with every run; one that lies in its source is
  /// lost with it, too.
  void look_at_places() {
    const std::vector<NamedPath> targets = target_paths();
    for (std::size_t i = 0; i < config_.sources.size(); ++i) {
      const SourceConfig& source = config_.sources[i];
      const std::string key = fmt::format("source[{}].paths", i + 1);
      for (const std::string& path : source.paths) {
        const std::string place = resolved(path);
        for (const NamedPath& target : targets) compare(source.name, key, place, target);
      }
    }
  }

  void compare(const std::string& source, const std::string& source_key, const std::string& path,
               const NamedPath& target) {
    if (lies_in(target.path, path)) {
      warn("config_target_in_source", target.key, place_of(target.key),
           format_text(_("the target \"{}\" lies in {}, which the source \"{}\" backs up"),
                       target.name, path, source));
    } else if (lies_in(path, target.path)) {
      warn(
          "config_source_in_target", source_key, place_of(source_key),
          format_text(_("the source \"{}\" lies in {}, where the target \"{}\" is: what happens to "
                        "the one happens to the other"),
                      source, target.path, target.name));
    }
  }

  void look_at_targets() {
    if (config_.media.empty() && config_.folders.empty() && config_.remotes.empty()) {
      warn("config_no_target", "medium", {},
           format_text(_("there is no [[{}]], [[{}]] or [[{}]]: nowhere to back up to"), "medium",
                       "folder", "remote"));
    } else if (config_.remotes.empty() && config_.media.size() < kFewestMedia) {
      warn("config_no_offsite", "medium", {},
           _("every copy can be in one place: a fire or a theft takes them all. Add a remote "
             "repository, or a second medium, of which one is always elsewhere."));
    }
  }

  void look_at_days() {
    std::array<bool, kDaysOfWeek> covered = {};
    for (const MediumConfig& medium : config_.media) {
      for (std::size_t day = 0; day < kDaysOfWeek; ++day) covered[day] |= medium.days[day];
    }
    if (std::ranges::find(covered, true) == covered.end()) return;
    std::string without;
    for (std::size_t day = 0; day < kWorkingDays; ++day) {
      if (covered[day]) continue;
      if (!without.empty()) without += ", ";
      without += kDayNames[day];
    }
    if (without.empty()) return;
    warn("config_day_without_medium", "medium", config_.media.front().place,
         format_text(_("no medium has these working days: {}"), without));
  }

  void look_at_remote(std::size_t index) {
    const RemoteConfig& remote = config_.remotes[index];
    if (remote.hds) return;
    warn("config_remote_not_hds", fmt::format("remote[{}].hds", index + 1), remote.place,
         format_text(_("the remote \"{}\" is not declared as certified for health data: set {} if "
                       "its host is"),
                     remote.name, "hds = true"));
  }

  const PracticeConfig& config_;
  const ConfigFacts& facts_;
  std::unordered_map<std::string_view, ConfigPlace> places_ = {};  // of the reading's entries
  std::vector<ConfigWarning> out_ = {};
};

}  // namespace

std::vector<std::string> paths_to_resolve(const PracticeConfig& config) {
  std::vector<std::string> out;
  for (const SourceConfig& source : config.sources) {
    out.insert(out.end(), source.paths.begin(), source.paths.end());
  }
  for (const MediumConfig& medium : config.media) {
    if (!medium.path.empty()) out.push_back(medium.path);
  }
  for (const FolderConfig& folder : config.folders) out.push_back(folder.path);
  return out;
}

std::vector<ConfigWarning> config_warnings(const ConfigReading& reading, const ConfigFacts& facts) {
  return Warnings(reading, facts).find();
}

}  // namespace medsave
