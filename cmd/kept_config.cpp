#include "kept_config.hpp"

#include "context.hpp"

#include "medsave/backend/backend.hpp"
#include "medsave/backend/cache_directories.hpp"
#include "medsave/base/error.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/metadata.hpp"

#include <utility>

namespace medsave::cli {
namespace {

constexpr FileRef kConfig = {.kind = FileKind::config, .id = {}};
constexpr std::size_t kLargest = std::size_t{1} << 20U;  // bytes
constexpr unsigned kPrivateFile = 0600;
constexpr unsigned kPrivateFolder = 0700;

std::string folder_of(const Context& context) { return cache_base(context.global) + "/configs"; }

}  // namespace

std::string kept_config_path(const Context& context, const std::string& location) {
  return folder_of(context) + "/" + sha256(as_bytes(place_of(location))).hex();
}

void keep_config(const Context& context, const std::string& location, ByteView config) {
  make_cache_base(cache_base(context.global));
  make_directories(folder_of(context), kPrivateFolder);
  write_file_durably(kept_config_path(context, location), config, kPrivateFile);
}

void drop_kept_config(const Context& context, const std::string& location) {
  if (is_config_kept(context, location)) {
    remove_file_at(kCurrentDirectory, kept_config_path(context, location));
  }
}

bool is_config_kept(const Context& context, const std::string& location) {
  try {
    return lstat_at(kCurrentDirectory, kept_config_path(context, location)).has_value();
  } catch (const Error&) {  // no home folder, or somebody else's
    return false;
  }
}

bool has_lost_config(Backend& backend) {
  return !backend.size(kConfig) && !backend.list(FileKind::key).empty();
}

void put_back_config(const Context& context, Backend& backend) {
  backend.save(kConfig, read_file(kept_config_path(context, backend.location()), kLargest));
  backend.barrier();
}

}  // namespace medsave::cli
