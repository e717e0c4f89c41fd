#include "target_reading.hpp"

#include "config_values.hpp"
#include "masking.hpp"
#include "retention_reading.hpp"
#include "unique_names.hpp"

#include "medsave/base/text.hpp"
#include "medsave/remote/location.hpp"

#include <algorithm>

namespace medsave {
namespace {

const std::vector<std::string> kCompressions = {"auto", "off", "fastest", "better", "max"};
const std::vector<std::string> kProofs = {"all", "sample", "none"};

class TargetReader {
 public:
  TargetReader(TableReader& root, const std::string& home, const std::vector<ConfigEntry>& general,
               ConfigReading& out)
      : root_(root), home_(home), general_(general), out_(out) {}

  void read() {
    each("medium", [&](TableReader& table) { read_medium(table); });
    each("folder", [&](TableReader& table) { read_folder(table); });
    each("remote", [&](TableReader& table) { read_remote(table); });
  }

 private:
  template <typename Read>
  void each(std::string_view heading, Read read_one) {
    std::size_t number = 0;
    for (const TomlValue* value : root_.tables(heading)) {
      TableReader table(value, fmt::format("{}[{}].", heading, ++number), out_);
      read_one(table);
      table.finish();
    }
  }

  void read_medium(TableReader& table) {
    MediumConfig medium{.place = table.place(), .settings = out_.config.general};
    read_name(table, "medium", medium.name, names_);
    read_days(table, medium);
    table.text("filesystem", medium.filesystem, check_filesystem);
    read_folder_path(table, medium.path);
    if (table.has("filesystem") && table.has("path")) {
      table.problem(
          "path",
          {.code = "config_contradiction",
           .message = format_text(_("a medium is found by \"{}\" or by \"{}\", not by both"),
                                  "filesystem", "path")},
          table.place_of("path"));
    }
    if (medium.filesystem.starts_with("UUID=")) once(medium.filesystem, table, "filesystem");
    read_repository_folder(table, medium.repository);
    read_settings(table, medium.settings);
    out_.config.media.push_back(std::move(medium));
  }

  void read_folder(TableReader& table) {
    FolderConfig folder{.place = table.place(), .settings = out_.config.general};
    read_name(table, "folder", folder.name, names_);
    read_folder_path(table, folder.path);
    must_have(table, "folder", "path");
    once(folder.path, table, "path");
    read_settings(table, folder.settings);
    out_.config.folders.push_back(std::move(folder));
  }

  void read_remote(TableReader& table) {
    RemoteConfig remote{.place = table.place(), .settings = out_.config.general};
    read_name(table, "remote", remote.name, names_);
    table.text("repository", remote.repository, check_remote, mask_location);
    must_have(table, "remote", "repository");
    once(remote.repository, table, "repository");
    table.flag("append-only", remote.append_only);
    table.flag("hds", remote.hds);
    read_settings(table, remote.settings);
    out_.config.remotes.push_back(std::move(remote));
  }

  /// Two targets in one place would be counted as two copies.
  void once(const std::string& where, TableReader& table, std::string_view key) {
    if (where.empty()) return;
    const ConfigPlace place = table.place_of(key);
    const auto [known, added] = places_.try_emplace(where, place);
    if (added) return;
    table.problem(key,
                  {.code = "config_duplicate_target",
                   .message = format_text(_("this is the same place as in line {}: it would be one "
                                            "copy, not two"),
                                          known->second.line)},
                  place);
  }

  static void must_have(TableReader& table, std::string_view heading, std::string_view key) {
    if (table.has(key)) return;
    table.missing(key, format_text(_("[[{}]] must have \"{}\""), heading, key));
  }

  static void read_days(TableReader& table, MediumConfig& medium) {
    const std::vector<std::string> names(kDayNames.begin(), kDayNames.end());
    std::vector<std::string> days;
    std::vector<std::string> seen;
    table.texts("days", days, [&](const std::string& text) {
      chosen_word("days", text, names);
      if (std::ranges::find(seen, text) != seen.end()) {
        throw BadValue{.code = "config_duplicate_value",
                       .message = format_text(_("\"{}\" is there twice"), text)};
      }
      seen.push_back(text);
    });
    for (const std::string& day : days) medium.days[chosen_word("days", day, names)] = true;
  }

  void read_folder_path(TableReader& table, std::string& path) {
    table.text("path", path, [&](const std::string& text) { read_path(text, home_); });
    if (!path.empty()) path = read_path(path, home_);
  }

  static void read_repository_folder(TableReader& table, std::string& folder) {
    if (!table.has("repository"))
      table.enter("repository", quoted_value(folder), {});
    else
      table.text("repository", folder, check_relative_folder);
    while (folder.ends_with('/')) folder.pop_back();
  }

  void read_settings(TableReader& table, TargetSettings& settings) {
    read_transfer(table, settings, [&](std::string_view key) { return in_force(key); });
    if (const TomlValue* own = table.table("retention")) {
      TableReader retention(own, table.full("retention."), out_, false);
      read_retention(retention, settings.retention);
      table.enter("retention", retention_value(settings.retention), own->place);
    } else {
      table.enter("retention", retention_value(settings.retention), in_force("retention").place);
    }
  }

  [[nodiscard]] Fallback in_force(std::string_view key) const {
    const auto found = std::ranges::find(general_, key, &ConfigEntry::key);
    if (found == general_.end()) return {};
    return {.value = found->value, .place = found->place};
  }

  TableReader& root_;
  const std::string& home_;
  const std::vector<ConfigEntry>& general_;
  ConfigReading& out_;
  UniqueNames names_ = {};
  std::map<std::string, ConfigPlace> places_ = {};
};

}  // namespace

void read_transfer(TableReader& table, TargetSettings& settings,
                   const std::function<Fallback(std::string_view key)>& usual) {
  auto compression = static_cast<std::size_t>(settings.compression);
  table.choice("compression", compression, kCompressions, usual("compression"));
  settings.compression =
      parse_compression_level(kCompressions[compression]).value_or(settings.compression);
  table.number("limit-upload", settings.limit_upload, usual("limit-upload"));
  table.number("limit-download", settings.limit_download, usual("limit-download"));
  auto proof = static_cast<std::size_t>(settings.proof);
  table.choice("proof", proof, kProofs, usual("proof"));
  settings.proof = static_cast<ProofLevel>(proof);
}

void read_targets(TableReader& root, const std::string& home,
                  const std::vector<ConfigEntry>& general, ConfigReading& out) {
  TargetReader(root, home, general, out).read();
}

}  // namespace medsave
