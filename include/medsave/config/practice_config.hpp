#pragma once

// config: the file in which a practice says what is backed up, where to and when it is too late.
// Begin here: what it says, as plain structs. config_file.hpp finds and reads the file,
// config_reading.hpp makes these structs of its text, config_warnings.hpp knows what is allowed but
// unwise. medsave.toml(5) describes each key.

#include "medsave/format/compression.hpp"
#include "medsave/snap/retention.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

/// Where something stands in the file, counted from 1 in lines and characters. 0: nowhere.
struct ConfigPlace {
  std::size_t line = 0;
  std::size_t column = 0;

  friend bool operator==(const ConfigPlace&, const ConfigPlace&) = default;
};

/// A program and its arguments; no shell.
using CommandWords = std::vector<std::string>;

/// Where the password of the repositories comes from: at most one of these.
struct PasswordSource {
  CommandWords command = {};
  std::string file = {};  // absolute
  bool keyring = false;   // of the desktop

  [[nodiscard]] bool empty() const { return command.empty() && file.empty() && !keyring; }
};

/// A command whose output becomes a file of the snapshot.
struct DumpSource {
  std::string file = {};  // a plain name
  CommandWords command = {};
  std::chrono::seconds timeout = std::chrono::hours(1);
};

struct SourceConfig {
  std::string name = {};
  ConfigPlace place = {};
  std::vector<std::string> paths = {};  // absolute
  std::vector<std::string> exclude = {};
  std::uint64_t exclude_larger_than = 0;  // bytes; 0: nothing
  bool exclude_caches = false;
  bool one_file_system = false;
  /// By how much the number of files, or of bytes, may fall from one run to the next.
  unsigned may_shrink_percent = 50;
  std::vector<DumpSource> dumps = {};
};

/// What is kept on a target. No rule at all: everything.
struct RetentionConfig {
  RetentionPolicy policy = {};
  bool prune = true;
};

/// How what was written is proved: all of it is read back, a part, or nothing.
enum class ProofLevel { all, sample, none };

/// What may differ from target to target: its own values, else those of [run] and [retention].
struct TargetSettings {
  RetentionConfig retention = {};
  CompressionLevel compression = CompressionLevel::automatic;
  std::uint64_t limit_upload = 0;    // KiB a second, 0: unlimited
  std::uint64_t limit_download = 0;  // likewise
  ProofLevel proof = ProofLevel::all;
};

inline constexpr std::size_t kDaysOfWeek = 7;
/// In the order of `MediumConfig::days`.
inline constexpr std::array<std::string_view, kDaysOfWeek> kDayNames = {"mon", "tue", "wed", "thu",
                                                                        "fri", "sat", "sun"};

/// A removable drive of the set.
struct MediumConfig {
  std::string name = {};
  ConfigPlace place = {};
  std::array<bool, kDaysOfWeek> days = {};  // Monday first
  /// "UUID=..." or "LABEL=...", or the folder where it is mounted. Neither: whatever drive has this
  /// medium's marker.
  std::string filesystem = {};
  std::string path = {};               // absolute
  std::string repository = "medsave";  // folder on it, relative
  TargetSettings settings = {};
};

/// A repository on a disk of this computer, or on one of the network that is mounted.
struct FolderConfig {
  std::string name = {};
  ConfigPlace place = {};
  std::string path = {};  // absolute
  TargetSettings settings = {};
};

/// A repository on a server.
struct RemoteConfig {
  std::string name = {};
  ConfigPlace place = {};
  std::string repository = {};  // as --repo takes it; may hold a password
  bool append_only = false;
  bool hds = false;  // declared to be certified for health data
  TargetSettings settings = {};
};

struct MonitorConfig {
  std::string ping = {};  // URL; secret
  std::string mail = {};
  std::chrono::seconds overdue = std::chrono::hours(36);
  std::chrono::seconds drill = std::chrono::years(1);
};

/// What holds for the run as a whole.
struct RunConfig {
  std::chrono::seconds verify_budget = std::chrono::minutes(5);
  CommandWords before = {};
  CommandWords after = {};
  CommandWords on_failure = {};
  std::chrono::seconds hook_timeout = std::chrono::minutes(10);
};

struct PracticeConfig {
  std::string language = {};  // "fr", "en"; empty: the locale's
  std::string practice = {};
  PasswordSource password = {};
  std::vector<SourceConfig> sources = {};
  std::vector<MediumConfig> media = {};
  std::vector<FolderConfig> folders = {};
  std::vector<RemoteConfig> remotes = {};
  /// For targets that say nothing else; in them already.
  TargetSettings general = {};
  MonitorConfig monitor = {};
  RunConfig run = {};
};

}  // namespace medsave
