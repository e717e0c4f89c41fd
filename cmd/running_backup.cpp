#include "running_backup.hpp"

#include "medsave/backend/cache_directories.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/units.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/format/time_text.hpp"
#include "medsave/par/pause.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/host.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace medsave::cli {
namespace {

using Json = nlohmann::json;

constexpr unsigned kPrivateFolder = 0700;
constexpr std::size_t kLargest = 4096;  // bytes
constexpr std::chrono::milliseconds kPause(500);

/// The same for the same work, and a file name.
std::string name_of(const Context& context, const std::string& host,
                    const std::vector<std::string>& sources) {
  std::string work = place_of(chosen_location(context.global.repository));
  work.append(1, '\0').append(host);
  for (const std::string& path : sources) work.append(1, '\0').append(path);
  return sha256(as_bytes(work)).hex();
}

std::string own_note() {
  const Json note = {
      {"pid", process_id()}, {"user", user_name()}, {"since", system_clock().now().seconds}};
  return note.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// "anna, process 4711, since 2026-11-30 19:04:12"; empty when the other one has not said yet.
std::string holder_in(const std::string& file) {
  try {
    const Json note = Json::parse(as_text(read_file(file, kLargest).view()));
    const Timestamp since = {.seconds = note.at("since").get<std::int64_t>()};
    return format_text(_("{}, process {}, since {}"), note.at("user").get<std::string>(),
                       note.at("pid").get<std::uint64_t>(), tell_time(since));
  } catch (const std::exception&) {
    return _("it does not say who started it");
  }
}

/// Where the note lies; empty where there is no place for it.
std::string file_for(const Context& context, const std::string& host,
                     const std::vector<std::string>& sources) {
  try {
    make_cache_base(cache_base(context.global));
    const std::string folder = cache_base(context.global) + "/running";
    make_directories(folder, kPrivateFolder);
    return folder + "/" + name_of(context, host, sources);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

RunningBackup::RunningBackup(Context& context, const std::string& host,
                             const std::vector<std::string>& sources) {
  // restic does not mind, and the programs that drive it count on that.
  if (context.identity == Identity::restic || context.global.no_cache) return;
  const std::string file = file_for(context, host, sources);
  if (file.empty()) return;
  const auto end = std::chrono::steady_clock::now() + context.global.retry_lock;
  bool told = false;
  while (true) {
    try {
      if (auto taken = FileLock::take(file, own_note())) {
        lock_.emplace(std::move(*taken));
        return;
      }
    } catch (const Error&) {
      return;
    }
    const std::string holder = holder_in(file);
    if (std::chrono::steady_clock::now() >= end) {
      if (told) {
        throw Error(Errc::locked,
                    format_text(_("a backup of the same sources to this repository is still "
                                  "running on this computer after {1} of waiting ({0}), so this "
                                  "one did nothing"),
                                holder, format_period(context.global.retry_lock)));
      }
      throw Error(
          Errc::locked,
          format_text(
              _("a backup of the same sources to this repository is running on this computer "
                "already ({}), so this one did nothing. To wait for its end: --retry-lock 1h."),
              holder));
    }
    if (!told) {
      context.info(format_text(_("a backup of the same sources to this repository is running on "
                                 "this computer ({}); waiting for its end"),
                               holder));
      told = true;
    }
    pause_for(kPause, context.stop());
  }
}

}  // namespace medsave::cli
