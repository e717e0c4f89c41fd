#include "known_repositories.hpp"

#include "medsave/backend/cache_directories.hpp"
#include "medsave/base/error.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/format/time_text.hpp"
#include "medsave/par/pause.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/file_lock.hpp"
#include "medsave/sys/metadata.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <exception>

namespace medsave::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLargest = std::size_t{1} << 20U;  // bytes
constexpr std::size_t kMost = 1000;                      // repositories
constexpr unsigned kPrivateFile = 0600;
constexpr unsigned kPrivateFolder = 0700;
constexpr std::size_t kDay = 10;  // characters of a date

std::string file_in(const std::string& cache_base) { return cache_base + "/repositories.json"; }

/// An object: location to {"id", "seen"}. Empty for what is no such file.
Json load(const std::string& cache_base) {
  try {
    Json all = Json::parse(as_text(read_file(file_in(cache_base), kLargest).view()));
    if (all.is_object() && all.size() <= kMost) return all;
  } catch (const std::exception&) {  // missing or damaged: begun anew
  }
  return Json::object();
}

/// So that of two processes that read, change and write it the second one sees what the first one
/// wrote. None after a while, and where the file system knows no such locks.
std::optional<FileLock> lock_file_in(const std::string& cache_base) {
  constexpr int kTries = 500;
  constexpr std::chrono::milliseconds kPause(10);
  const std::string folder = cache_base + "/running";
  make_directories(folder, kPrivateFolder);
  const std::string file = folder + "/" + sha256(as_bytes("repositories.json")).hex();
  try {
    for (int tries = 0; tries < kTries; ++tries) {
      if (auto lock = FileLock::take(file, "")) return lock;
      pause_for(kPause, {});
    }
  } catch (const Error&) {
  }
  return std::nullopt;
}

}  // namespace

std::optional<KnownRepository> known_repository(const std::string& cache_base,
                                                const std::string& location) {
  const Json all = load(cache_base);
  const auto found = all.find(location);
  if (found == all.end() || !found->is_object()) return std::nullopt;
  const auto text = [&](const char* name) {
    const auto value = found->find(name);
    return value != found->end() && value->is_string() ? value->get<std::string>() : std::string();
  };
  KnownRepository known{.id = text("id"), .seen = text("seen")};
  if (known.id.empty() || known.seen.empty()) return std::nullopt;
  return known;
}

bool remembers_repositories(const std::string& cache_base) {
  const Json all = load(cache_base);
  return !all.empty() && std::ranges::all_of(all, [](const Json& known) {
    return known.is_object() && known.size() == 2 && known.contains("id") && known.contains("seen");
  });
}

void remember_repository(const std::string& cache_base, const std::string& location,
                         const std::string& id, const Timestamp& now) {
  const std::string today = format_local_time(now).substr(0, kDay);
  const std::optional<KnownRepository> known = known_repository(cache_base, location);
  if (known && known->id == id && known->seen == today) return;
  try {
    make_cache_base(cache_base);
    const std::optional<FileLock> lock = lock_file_in(cache_base);
    Json all = load(cache_base);
    all[location] = {{"id", id}, {"seen", today}};
    const std::string text =
        all.dump(1, ' ', false, Json::error_handler_t::replace);  // a path may be any bytes
    write_file_durably(file_in(cache_base), as_bytes(text), kPrivateFile);
  } catch (const Error&) {  // nothing depends on it
  }
}

}  // namespace medsave::cli
