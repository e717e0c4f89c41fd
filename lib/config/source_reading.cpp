#include "source_reading.hpp"

#include "config_values.hpp"
#include "masking.hpp"
#include "unique_names.hpp"

#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"

#include <functional>

namespace medsave {
namespace {

/// Bytes as a number, or a text like "100M".
std::uint64_t read_size(const TomlValue& value) {
  if (value.kind == TomlKind::integer && value.integer > 0) {
    return static_cast<std::uint64_t>(value.integer);
  }
  const auto size = value.kind == TomlKind::text ? parse_size(value.text) : std::nullopt;
  if (size && *size > 0) return *size;
  throw BadValue{
      .code = "config_bad_size",
      .message = format_text(_("this is no size that can be used here: write one like {}, "
                               "or a number of bytes"),
                             "\"100M\"")};
}

void read_exclude_size(TableReader& table, std::uint64_t& target) {
  constexpr std::string_view kKey = "exclude-larger-than";
  if (!table.has(kKey)) table.enter(kKey, "null", {});
  table.value(kKey, [&](const TomlValue& value) {
    target = read_size(value);
    table.enter(kKey, std::to_string(target), value.place);
  });
}

void read_share(TableReader& table, unsigned& percent) {
  constexpr std::string_view kKey = "may-shrink";
  std::string text = std::to_string(percent) + "%";
  if (!table.has(kKey)) {
    table.enter(kKey, quoted_value(text), {});
    return;
  }
  table.text(kKey, text, [&](const std::string& given) { percent = read_percent(given); });
}

DumpSource read_dump(TableReader& table) {
  DumpSource dump;
  table.text("file", dump.file, check_file_name);
  table.command("command", dump.command, mask_argument);
  table.period("timeout", dump.timeout, "1h");
  if (!table.has("file")) {
    table.missing("file", format_text(_("[[{}]] must have \"{}\""), "source.dump", "file"));
  }
  if (!table.has("command")) {
    table.missing("command", format_text(_("[[{}]] must have \"{}\""), "source.dump", "command"));
  }
  table.finish();
  return dump;
}

class SourceReader {
 public:
  SourceReader(const std::string& home, ConfigReading& out) : home_(home), out_(out) {}

  SourceConfig read(const TomlValue& table, std::size_t number) {
    const std::string path = fmt::format("source[{}].", number);
    TableReader reader(&table, path, out_);
    SourceConfig source;
    source.place = table.place;
    read_name(reader, "source", source.name, names_);
    read_paths(reader, source.paths);
    reader.texts("exclude", source.exclude, check_pattern);
    read_exclude_size(reader, source.exclude_larger_than);
    reader.flag("exclude-caches", source.exclude_caches);
    reader.flag("one-file-system", source.one_file_system);
    read_share(reader, source.may_shrink_percent);
    const std::vector<const TomlValue*> dumps = reader.tables("dump");
    for (std::size_t i = 0; i < dumps.size(); ++i) {
      TableReader dump(dumps[i], fmt::format("{}dump[{}].", path, i + 1), out_);
      source.dumps.push_back(read_dump(dump));
      files_.add(source.dumps.back().file, dump, "file");
    }
    if (!reader.has("paths") && !reader.has("dump")) {
      reader.missing("paths", format_text(_("[[{}]] must have \"{}\" or [[{}]]"), "source", "paths",
                                          "source.dump"));
    }
    reader.finish();
    return source;
  }

 private:
  void read_paths(TableReader& reader, std::vector<std::string>& paths) {
    reader.texts("paths", paths, [&](const std::string& text) { read_path(text, home_); });
    for (std::string& path : paths) path = read_path(path, home_);
    const TomlValue* list = reader.find("paths");
    if (list != nullptr && list->kind == TomlKind::list && list->items.empty()) {
      reader.problem(
          "paths",
          {.code = "config_empty", .message = _("this list is empty: nothing would be backed up")},
          list->place);
    }
  }

  const std::string& home_;
  ConfigReading& out_;
  UniqueNames names_;
  UniqueNames files_;
};

}  // namespace

std::vector<SourceConfig> read_sources(TableReader& root, const std::string& home,
                                       ConfigReading& out) {
  SourceReader reader(home, out);
  std::vector<SourceConfig> sources;
  for (const TomlValue* table : root.tables("source")) {
    sources.push_back(reader.read(*table, sources.size() + 1));
  }
  if (!root.has("source")) {
    root.missing("source",
                 format_text(_("there is no [[{}]]: nothing would be backed up"), "source"));
  }
  return sources;
}

}  // namespace medsave
