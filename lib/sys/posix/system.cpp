#include "medsave/base/system.hpp"

#include <libintl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <clocale>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace medsave {
namespace {

/// Where the catalogues are: beside an installed program, or in its build tree.
std::filesystem::path catalogue_directory(const std::string& domain) {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return {};
  const auto directory = program.parent_path();
  auto installed = directory.parent_path() / "share" / "locale";
  const auto catalogue = std::filesystem::path("fr") / "LC_MESSAGES" / (domain + ".mo");
  if (std::filesystem::exists(installed / catalogue, error)) return installed;
  return directory / "locale";
}

bool is_plain_c(const char* locale) {
  const std::string_view name = locale != nullptr ? locale : "C";
  return name == "C" || name == "POSIX";
}

/// Sets one category to the environment's locale, or to C.UTF-8 if that is not installed: in the
/// plain C locale gettext translates nothing.
void set_category(int category) {
  std::setlocale(category, "C");  // the change below makes gettext forget what it looked up
  if (is_plain_c(std::setlocale(category, ""))) std::setlocale(category, "C.UTF-8");
}

}  // namespace

std::byte* allocate_pages(std::size_t bytes) {
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  // Not aligned_alloc, which takes multiples of the alignment only.
  void* memory = nullptr;
  if (::posix_memalign(&memory, kHugePage, bytes) != 0) return nullptr;
  // Huge pages, because the page faults of a pack otherwise cost as much as filling it. It still
  // works if the system refuses them.
  ::madvise(memory, bytes, MADV_HUGEPAGE);
  return static_cast<std::byte*>(memory);
}

void wipe(void* data, std::size_t size) {
  if (size != 0) ::explicit_bzero(data, size);  // an empty buffer may have no memory at all
}

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return value;
}

void use_catalogue(const std::string& domain, const std::string& name) {
  // Numbers, sorting and dates stay those of the C locale: they end up in JSON and scripts.
  set_category(LC_CTYPE);
  set_category(LC_MESSAGES);
  ::setenv("LANGUAGE", name.c_str(), 1);  // in any locale but C, gettext obeys it first
  ::bindtextdomain(domain.c_str(), catalogue_directory(domain).c_str());
  ::bind_textdomain_codeset(domain.c_str(), "UTF-8");
}

void name_this_thread(const std::string& name) {
  constexpr std::size_t kLongest = 15;  // a limit of Linux
  ::pthread_setname_np(::pthread_self(), name.substr(0, kLongest).c_str());
}

unsigned usable_processors() {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  // Fails with more than 1024 of them.
  if (::sched_getaffinity(0, sizeof processors, &processors) != 0) return 0;
  return static_cast<unsigned>(CPU_COUNT(&processors));
}

std::int32_t zone_offset_at(std::int64_t seconds) {
  const std::time_t instant = seconds;
  std::tm parts = {};
  // Fails only for years beyond an int.
  return ::localtime_r(&instant, &parts) == nullptr ? 0
                                                    : static_cast<std::int32_t>(parts.tm_gmtoff);
}

std::optional<std::int64_t> instant_of_local_time(std::tm local) {
  local.tm_isdst = -1;  // the zone knows
  local.tm_wday = -1;   // stays so only if mktime fails; -1 is a valid instant
  const std::time_t instant = std::mktime(&local);
  if (local.tm_wday == -1) return std::nullopt;
  return instant;
}

}  // namespace medsave
