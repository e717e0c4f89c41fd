#include "medsave/format/snapshot.hpp"

#include "json_time.hpp"

#include "medsave/json/json_reader.hpp"
#include "medsave/json/json_writer.hpp"

#include <algorithm>
#include <array>

namespace medsave {

namespace {

struct Counter {
  std::string_view key;
  std::uint64_t SnapshotSummary::*member;
};

// In the order of writing.
constexpr std::array<Counter, 12> kCounters = {{
    {"files_new", &SnapshotSummary::files_new},
    {"files_changed", &SnapshotSummary::files_changed},
    {"files_unmodified", &SnapshotSummary::files_unmodified},
    {"dirs_new", &SnapshotSummary::dirs_new},
    {"dirs_changed", &SnapshotSummary::dirs_changed},
    {"dirs_unmodified", &SnapshotSummary::dirs_unmodified},
    {"data_blobs", &SnapshotSummary::data_blobs},
    {"tree_blobs", &SnapshotSummary::tree_blobs},
    {"data_added", &SnapshotSummary::data_added},
    {"data_added_packed", &SnapshotSummary::data_added_packed},
    {"total_files_processed", &SnapshotSummary::total_files_processed},
    {"total_bytes_processed", &SnapshotSummary::total_bytes_processed},
}};

void append_key(std::string& out, std::string_view key) {
  out += out.back() == '{' ? "\"" : ",\"";
  out += key;
  out += "\":";
}

void append_time_field(std::string& out, std::string_view key, const ZonedTime& time) {
  append_key(out, key);
  append_json_string(out, format_zoned_time(time));
}

void append_id_field(std::string& out, std::string_view key, const Id& id) {
  append_key(out, key);
  append_json_id(out, id);
}

void append_text_field(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  append_key(out, key);
  append_json_string(out, value);
}

void append_number_field(std::string& out, std::string_view key, std::uint64_t value) {
  append_key(out, key);
  append_json_number(out, value);
}

void append_list_field(std::string& out, std::string_view key,
                       const std::vector<std::string>& values) {
  append_key(out, key);
  out += '[';
  bool first = true;
  for (const std::string& value : values) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, value);
  }
  out += ']';
}

void append_summary(std::string& out, const SnapshotSummary& summary) {
  append_key(out, "summary");
  out += '{';
  append_time_field(out, "backup_start", summary.backup_start);
  append_time_field(out, "backup_end", summary.backup_end);
  for (const Counter& counter : kCounters) {
    append_number_field(out, counter.key, summary.*counter.member);
  }
  out += '}';
}

std::vector<std::string> decode_list(JsonReader& in) {
  std::vector<std::string> values;
  if (in.take_null()) return values;
  in.enter_array();
  while (in.next_element()) values.emplace_back(in.string());
  return values;
}

SnapshotSummary decode_summary(JsonReader& in) {
  SnapshotSummary summary;
  in.enter_object();
  while (in.next_member()) {
    const std::string_view key = in.key();
    const auto* const counter = std::ranges::find(kCounters, key, &Counter::key);
    if (counter != kCounters.end()) {
      summary.*counter->member = in.integer<std::uint64_t>();
    } else if (key == "backup_start") {
      summary.backup_start = read_time(in);
    } else if (key == "backup_end") {
      summary.backup_end = read_time(in);
    } else {
      in.skip();
    }
  }
  return summary;
}

/// False if the snapshot has no such member; the value is then still to be read.
bool decode_who_and_what(JsonReader& in, Snapshot& snapshot) {
  const std::string_view key = in.key();
  if (key == "paths") {
    snapshot.paths = decode_list(in);
  } else if (key == "hostname") {
    snapshot.hostname = in.string();
  } else if (key == "username") {
    snapshot.username = in.string();
  } else if (key == "uid") {
    snapshot.uid = in.integer<std::uint32_t>();
  } else if (key == "gid") {
    snapshot.gid = in.integer<std::uint32_t>();
  } else if (key == "excludes") {
    snapshot.excludes = decode_list(in);
  } else if (key == "tags") {
    snapshot.tags = decode_list(in);
  } else if (key == "program_version") {
    snapshot.program_version = in.string();
  } else {
    return false;
  }
  return true;
}

void decode_optional_id(JsonReader& in, std::optional<Id>& id) {
  id.reset();
  if (!in.take_null()) id = in.id();
}

}  // namespace

std::string encode_snapshot(const Snapshot& snapshot) {
  std::string out = "{";
  append_time_field(out, "time", snapshot.time);
  if (snapshot.parent) append_id_field(out, "parent", *snapshot.parent);
  append_id_field(out, "tree", snapshot.tree);
  append_list_field(out, "paths", snapshot.paths);
  append_text_field(out, "hostname", snapshot.hostname);
  append_text_field(out, "username", snapshot.username);
  if (snapshot.uid != 0) append_number_field(out, "uid", snapshot.uid);
  if (snapshot.gid != 0) append_number_field(out, "gid", snapshot.gid);
  if (!snapshot.excludes.empty()) append_list_field(out, "excludes", snapshot.excludes);
  if (!snapshot.tags.empty()) append_list_field(out, "tags", snapshot.tags);
  if (snapshot.original) append_id_field(out, "original", *snapshot.original);
  append_text_field(out, "program_version", snapshot.program_version);
  if (snapshot.summary) append_summary(out, *snapshot.summary);
  out += '}';
  return out;
}

Snapshot decode_snapshot(std::string_view json) {
  JsonReader in(json);
  Snapshot snapshot;
  bool has_time = false;
  bool has_tree = false;
  in.enter_object();
  while (in.next_member()) {
    const std::string_view key = in.key();
    if (key == "time") {
      snapshot.time = read_time(in);
      has_time = true;
    } else if (key == "tree") {
      snapshot.tree = in.id();
      has_tree = true;
    } else if (key == "parent") {
      decode_optional_id(in, snapshot.parent);
    } else if (key == "original") {
      decode_optional_id(in, snapshot.original);
    } else if (key == "summary") {
      snapshot.summary.reset();
      if (!in.take_null()) snapshot.summary = decode_summary(in);
    } else if (!decode_who_and_what(in, snapshot)) {
      in.skip();
    }
  }
  in.finish();
  if (!has_time) throw_missing_field("time");
  if (!has_tree) throw_missing_field("tree");
  return snapshot;
}

}  // namespace medsave
