#include "kept_config.hpp"

#include "context.hpp"

#include "medsave/backend/backend.hpp"
#include "medsave/backend/cache_directories.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/repo/repository.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace medsave::cli {
namespace {

constexpr FileRef kConfig = {.kind = FileKind::config, .id = {}};
constexpr std::size_t kLargest = std::size_t{1} << 20U;  // bytes
constexpr unsigned kPrivateFile = 0600;
constexpr unsigned kPrivateFolder = 0700;

std::string folder_of(const Context& context) { return cache_base(context.global) + "/configs"; }

/// What the names of all copies of this location begin with.
std::string name_of(const std::string& location) {
  return sha256(as_bytes(place_of(location))).hex();
}

std::optional<Repository::OwnConfig> find_own(Backend& backend, const PasswordAnswer& answer,
                                              const std::string& key_hint,
                                              const std::vector<Buffer>& configs,
                                              const std::stop_token& stop) {
  try {
    return Repository::find_own_config(backend, answer.password, key_hint, configs, stop);
  } catch (const Error& e) {
    if (e.code() != Errc::wrong_password || !answer.undecoded) throw;
  }
  return Repository::find_own_config(backend, *answer.undecoded, key_hint, configs, stop);
}

}  // namespace

std::vector<std::string> kept_configs(const Context& context, const std::string& location) {
  std::vector<std::string> paths;
  try {
    const std::string folder = folder_of(context);
    if (!lstat_at(kCurrentDirectory, folder)) return {};
    const UniqueDir opened = open_dir_at(kCurrentDirectory, folder);
    for (const std::string& name : list_dir(opened.get())) {
      if (name.starts_with(name_of(location))) paths.push_back(folder + "/" + name);
    }
  } catch (const Error&) {  // no home folder, or somebody else's
  }
  std::ranges::sort(paths);
  return paths;
}

std::string kept_config_path(const Context& context, const Repository& repository) {
  return folder_of(context) + "/" + name_of(repository.backend().location()) + "-" +
         repository.config().id;
}

void keep_config(const Context& context, const Repository& repository, ByteView config) {
  make_cache_base(cache_base(context.global));
  make_directories(folder_of(context), kPrivateFolder);
  write_file_durably(kept_config_path(context, repository), config, kPrivateFile);
}

void drop_kept_config(const Context& context, const Repository& repository) {
  remove_file_at(kCurrentDirectory, kept_config_path(context, repository));
}

bool has_lost_config(Backend& backend) {
  return !backend.size(kConfig) && !backend.list(FileKind::key).empty();
}

std::string put_back_config(const Context& context, Backend& backend, const PasswordAnswer& answer,
                            const std::string& key_hint, const std::stop_token& stop) {
  const std::vector<std::string> paths = kept_configs(context, backend.location());
  std::vector<Buffer> configs;
  configs.reserve(paths.size());
  for (const std::string& path : paths) configs.push_back(read_file(path, kLargest));
  auto own = find_own(backend, answer, key_hint, configs, stop);
  if (!own) {
    throw Error(
        Errc::corrupt,
        format_text(_("the repository at {} has lost its file \"config\". What this computer has "
                      "kept is that of another repository, whose upgrade was cut short at the same "
                      "address, so nothing was done: connect that one's drive, or bring the file "
                      "back from a copy of this repository. Kept: {}"),
                    backend.location(), fmt::format("{}", fmt::join(paths, ", "))));
  }
  backend.save(kConfig, std::move(own->sealed));
  backend.barrier();
  remove_file_at(kCurrentDirectory, paths[own->which]);
  return paths[own->which];
}

}  // namespace medsave::cli
