#include "medsave/repo/repository.hpp"

#include "damage.hpp"
#include "key_codec.hpp"

#include "medsave/backend/cache_backend.hpp"
#include "medsave/backend/guarded_backend.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/seal.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/format/compression.hpp"
#include "medsave/format/unpacked.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <future>
#include <system_error>
#include <utility>

namespace medsave {
namespace {

constexpr FileRef kConfig = {.kind = FileKind::config, .id = {}};

/// The key files that an `init` which was cut short left: it stores the config last, and nothing
/// can have been saved before. Throws Error(exists) where there is more.
std::vector<Id> require_unused(Backend& backend) {
  const bool has_config = backend.size(kConfig).has_value();
  const auto holds = [&](FileKind kind) { return !backend.list(kind).empty(); };
  if (has_config || holds(FileKind::snapshot) || holds(FileKind::index) || holds(FileKind::pack)) {
    throw Error(
        Errc::exists,
        format_text(has_config ? _("there is a repository at {} already; use it, or choose another "
                                   "place for the new one")
                               : _("there are remains of a repository without its config at {}; "
                                   "choose another place for the new one"),
                    backend.location()));
  }
  std::vector<Id> keys;
  for (const ListedFile& file : backend.list(FileKind::key)) keys.push_back(file.id);
  return keys;
}

void remove_quietly(Backend& backend, const FileRef& file) noexcept {
  try {
    backend.remove(file);
  } catch (...) {  // the failure that led to this removal is the one to report
  }
}

/// Whether the config is, or may be, sealed with this key: another `init` may have found the key
/// file of this one and used it.
bool may_be_in_use(Backend& backend, const Key& master) noexcept {
  try {
    if (!backend.size(kConfig)) return false;
    Buffer sealed;
    Buffer json;
    backend.load(kConfig, size_limit(FileKind::config), sealed);
    open_sealed(master, sealed.view(), json);
    return true;
  } catch (const Error& e) {
    return e.code() != Errc::corrupt;
  } catch (...) {
    return true;
  }
}

std::string random_hex_id(Random& random) {
  std::array<std::byte, Id::kSize> bytes = {};
  random.fill(bytes);
  return Id::from_bytes(bytes).hex();
}

Buffer load_config(Backend& backend) {
  Buffer stored;
  try {
    backend.load(kConfig, size_limit(FileKind::config), stored);
  } catch (const Error& e) {
    if (e.code() != Errc::not_found) throw;
    throw Error(
        Errc::no_repository,
        format_text(
            _("there is no repository at {}; check the place, or make one with \"medsave init\""),
            backend.location()));
  }
  return stored;
}

/// Whether a snapshot or index file is compressed, as only version 2 has them. Damaged ones tell
/// nothing.
bool holds_compressed(Backend& backend, const Key& master, const std::stop_token& stop) {
  Buffer sealed;
  Buffer plain;
  for (const FileKind kind : {FileKind::snapshot, FileKind::index}) {
    for (const ListedFile& file : backend.list(kind)) {
      if (stop.stop_requested()) throw Interrupted();
      try {
        backend.load({.kind = kind, .id = file.id}, size_limit(kind), sealed);
        open_sealed(master, sealed.view(), plain);
      } catch (const Error& e) {
        if (e.code() != Errc::corrupt && e.code() != Errc::not_found) throw;
        continue;
      }
      if (is_compressed_unpacked(plain.view())) return true;
    }
  }
  return false;
}

RepoConfig decode_config(const Key& master, const Buffer& sealed) {
  if (sealed.empty()) throw damaged(kConfig, _("it is empty"));
  try {
    Buffer json;
    open_sealed(master, sealed.view(), json);
    return decode_repo_config(as_text(json.view()));
  } catch (const Error& e) {
    if (e.code() != Errc::corrupt) throw e.with_context(describe(kConfig));
    throw damaged(kConfig, e.what());
  }
}

/// Keys in the order they are tried: those that fit the hint first.
std::vector<Id> keys_to_try(const std::vector<ListedFile>& keys, const std::string& hint) {
  std::vector<Id> ids;
  ids.reserve(keys.size());
  for (const ListedFile& file : keys) ids.push_back(file.id);
  std::sort(ids.begin(), ids.end());
  if (!hint.empty()) {
    std::stable_partition(ids.begin(), ids.end(),
                          [&](const Id& id) { return id.hex().starts_with(hint); });
  }
  return ids;
}

struct OpenedKey {
  Id id;
  Key master;
};

/// A key file that is damaged, unreadable, gone or not for this program keeps no other from opening
/// the repository. `meanwhile` is called once, before the first of the slow key derivations.
OpenedKey find_key_for(Backend& backend, const std::vector<ListedFile>& keys,
                       const Secret& password, const std::string& hint,
                       const std::function<void()>& meanwhile, const std::stop_token& stop) {
  const std::vector<Id> ids = keys_to_try(keys, hint);
  if (ids.empty()) {
    throw Error(Errc::corrupt, format_text(_("the repository at {} has no key files, so nothing "
                                             "can be read; fetch its folder \"keys\" from a copy"),
                                           backend.location()));
  }
  const std::size_t tries = std::min(ids.size(), kMaxKeyTries);
  std::optional<Error> problem;
  bool first = true;
  for (std::size_t i = 0; i < tries; ++i) {
    try {
      const KeyFile file = load_key_file(backend, ids[i]);
      if (std::exchange(first, false)) meanwhile();
      if (std::optional<Key> master = open_key_file(ids[i], file, password, stop)) {
        return {.id = ids[i], .master = std::move(*master)};
      }
    } catch (const Error& e) {
      if (e.code() != Errc::corrupt && e.code() != Errc::not_found && e.code() != Errc::io &&
          e.code() != Errc::unsupported) {
        throw;
      }
      if (!problem || problem->code() == Errc::not_found) problem = e;
    }
  }
  // A key that was removed meanwhile says nothing about the password. One that is damaged or cannot
  // be read may be the one that the password fits.
  if (problem && (first || problem->code() != Errc::not_found)) throw *problem;
  if (tries < ids.size()) {
    throw Error(Errc::usage, format_text(_("the password fits none of the first {} of {} keys; "
                                           "name the right one with --key-hint"),
                                         tries, ids.size()));
  }
  throw Error(
      Errc::wrong_password,
      format_text(_("wrong password for the repository at {}. Nothing was done; your backups are "
                    "not touched. Check what was typed, or the file that holds the password; if it "
                    "is forgotten, \"man medsave-guide\" tells what can still be done."),
                  backend.location()));
}

/// The key of an `init` that was cut short, if the password fits. There must not be two key files
/// for one password: restic tries the first, and gives up when the config is not sealed with its
/// master key. For the same reason a damaged key file is removed at once; key files of other
/// passwords do no harm.
std::optional<OpenedKey> find_stray_key(Backend& backend, const std::vector<Id>& strays,
                                        const Secret& password, const std::stop_token& stop) {
  for (std::size_t i = 0; i < std::min(strays.size(), kMaxKeyTries); ++i) {
    try {
      const KeyFile file = load_key_file(backend, strays[i]);
      if (std::optional<Key> master = open_key_file(strays[i], file, password, stop)) {
        return OpenedKey{.id = strays[i], .master = std::move(*master)};
      }
    } catch (const Error& e) {
      if (e.code() != Errc::corrupt && e.code() != Errc::not_found) throw;
      remove_quietly(backend, {.kind = FileKind::key, .id = strays[i]});
    }
  }
  return std::nullopt;
}

/// Buffers and contexts of one thread for sealing and opening small files.
struct Scratch {
  Buffer stored;
  Buffer plain;
  Decompressor decompressor;
  Compressor compressor = Compressor(CompressionLevel::automatic);

  static Scratch& of_this_thread() {
    thread_local Scratch scratch;
    return scratch;
  }
};

}  // namespace

Repository::Repository(std::unique_ptr<Backend> backend, std::shared_ptr<WriteCondition> writes,
                       Key key, Id key_id, RepoConfig config, Polynomial polynomial)
    : writes_(std::move(writes)),
      backend_(std::move(backend)),
      key_(std::move(key)),
      key_id_(key_id),
      config_(std::move(config)),
      polynomial_(polynomial) {}

Repository::~Repository() = default;

std::unique_ptr<Repository> Repository::create(std::unique_ptr<Backend> backend,
                                               const Secret& password, const CreateOptions& options,
                                               const std::stop_token& stop) {
  if (options.version < 1 || options.version > 2) {
    throw Error(Errc::usage, format_text(_("repository version {} does not exist; choose 1 or 2"),
                                         options.version));
  }
  auto writes = std::make_shared<WriteCondition>();
  backend = guard_writes(std::move(backend), writes);
  const std::vector<Id> strays = require_unused(*backend);
  backend->create();
  std::optional<OpenedKey> stray = find_stray_key(*backend, strays, password, stop);
  Key master = stray ? std::move(stray->master) : Key::generate(options.random);
  const Polynomial polynomial =
      options.polynomial ? *options.polynomial : Polynomial::generate(options.random);
  RepoConfig config{.version = options.version,
                    .id = random_hex_id(options.random),
                    .chunker_polynomial = polynomial.hex()};

  const Id key_id = stray ? stray->id
                          : save_key_file(*backend, master, password, {}, {}, options.kdf,
                                          options.clock, options.random);
  bool config_saved = false;
  try {
    backend->barrier();
    Buffer sealed;
    seal(master, as_bytes(encode_repo_config(config)), sealed, options.random);
    backend->save(kConfig, std::move(sealed));
    config_saved = true;
    backend->barrier();
  } catch (...) {
    // The next init would find the config and the key that this one has stored.
    if (config_saved) remove_quietly(*backend, kConfig);
    if (!stray && !may_be_in_use(*backend, master)) {
      remove_quietly(*backend, {.kind = FileKind::key, .id = key_id});
    }
    throw;
  }
  // These keys are deleted only after our config is stored: one may be that of another init, whose
  // config might have come first.
  for (const Id& id : strays) {
    if (id != key_id) remove_quietly(*backend, {.kind = FileKind::key, .id = id});
  }
  std::unique_ptr<Repository> created(new Repository(std::move(backend), std::move(writes),
                                                     std::move(master), key_id, std::move(config),
                                                     polynomial));
  created->clock_ = &options.clock;
  created->random_ = &options.random;
  return created;
}

std::unique_ptr<Repository> Repository::open(std::unique_ptr<Backend> backend,
                                             const Secret& password, const std::string& key_hint,
                                             bool list_packs,
                                             std::shared_ptr<WriteCondition> writes,
                                             const std::stop_token& stop) {
  if (!writes) {
    writes = std::make_shared<WriteCondition>();
    backend = guard_writes(std::move(backend), writes);
  }
  Opening opening = backend->load_opening();
  if (!opening.config) opening.config = load_config(*backend);
  if (!opening.keys) opening.keys = backend->list(FileKind::key);
  std::shared_future<std::vector<ListedFile>> packs;
  const auto meanwhile = [&packs, list_packs, &from = *backend] {
    if (!list_packs) return;
    try {
      packs = std::async(std::launch::async, [&from] { return from.list(FileKind::pack); });
    } catch (const std::system_error&) {  // no thread available: packs_at_opening() lists them then
    }
  };
  OpenedKey key = find_key_for(*backend, *opening.keys, password, key_hint, meanwhile, stop);
  RepoConfig config;
  try {
    config = decode_config(key.master, *opening.config);
  } catch (const Error& e) {
    if (e.code() != Errc::corrupt) throw;
    config = decode_config(key.master, load_config(*backend));  // a bit may have flipped in transit
  }
  const std::optional<Polynomial> polynomial = Polynomial::parse(config.chunker_polynomial);
  if (!polynomial) throw damaged(kConfig, _("its chunker polynomial is unusable"));
  std::unique_ptr<Repository> opened(new Repository(std::move(backend), std::move(writes),
                                                    std::move(key.master), key.id,
                                                    std::move(config), *polynomial));
  opened->locks_at_opening_ = std::move(opening.locks);
  opened->packs_at_opening_ = std::move(packs);
  return opened;
}

std::optional<Repository::OwnConfig> Repository::find_own_config(Backend& backend,
                                                                 const Secret& password,
                                                                 const std::string& key_hint,
                                                                 const std::vector<Buffer>& configs,
                                                                 const std::stop_token& stop) {
  const OpenedKey key = find_key_for(
      backend, backend.list(FileKind::key), password, key_hint, [] {}, stop);
  for (std::size_t i = 0; i < configs.size(); ++i) {
    try {
      RepoConfig config = decode_config(key.master, configs[i]);
      OwnConfig own = {.which = i};
      if (config.version == 2 || !holds_compressed(backend, key.master, stop)) {
        own.sealed = Buffer(configs[i].view());
      } else {
        config.version = 2;
        seal(key.master, as_bytes(encode_repo_config(config)), own.sealed, system_random());
      }
      return own;
    } catch (const Error& e) {
      if (e.code() != Errc::corrupt) throw;
    }
  }
  return std::nullopt;
}

void Repository::renew_after_waiting() {
  locks_at_opening_.reset();
  packs_at_opening_ = {};
  bool is_same = false;
  try {
    is_same = decode_config(key_, load_config(*backend_)) == config_;
  } catch (const Error& e) {
    if (e.code() != Errc::corrupt && e.code() != Errc::no_repository) throw;
  }
  if (is_same) return;
  throw Error(Errc::io, format_text(_("the repository at {} was upgraded or made anew while this "
                                      "command waited for it, so nothing was done; start the "
                                      "command again"),
                                    backend_->location()));
}

std::vector<ListedFile> Repository::packs_at_opening() const {
  if (packs_at_opening_.valid()) {
    try {
      std::vector<ListedFile> packs = packs_at_opening_.get();
      if (cache_ != nullptr) cache_->keep_only(FileKind::pack, packs);
      return packs;
    } catch (const Error&) {
      // Listed again below, which tells what is wrong if that persists.
    }
  }
  return backend_->list(FileKind::pack);
}

void Repository::use_cache(const std::string& base) {
  std::unique_ptr<CacheBackend> cache =
      make_cache_backend(std::move(backend_), base, config_.id, *clock_);
  cache_ = cache.get();
  backend_ = std::move(cache);
}

void Repository::use_temporary_cache(const std::string& base) {
  std::unique_ptr<CacheBackend> cache =
      make_temporary_cache_backend(std::move(backend_), base, *clock_, *random_);
  cache_ = cache.get();
  backend_ = std::move(cache);
}

void Repository::forget_cached(const FileRef& file) const {
  if (cache_ != nullptr) cache_->forget(file);
}

void Repository::load_raw(const FileRef& file, Buffer& out) const {
  const auto load = [&] {
    backend_->load(file, size_limit(file.kind), out);
    return file.kind == FileKind::config || sha256(out.view()) == file.id;
  };
  try {
    if (load()) return;
  } catch (const Error& e) {
    if (e.code() != Errc::corrupt) throw;
  }
  // Once more, and not from the cache: a bit may have flipped there or in transit.
  forget_cached(file);
  try {
    if (load()) return;
  } catch (const Error& e) {
    if (e.code() != Errc::corrupt) throw;
    throw damaged(file, e.what());
  }
  throw damaged(file, _("its content does not fit its name"));
}

void Repository::load_pack(const Id& pack, std::uint64_t limit, ReadFrom from, Buffer& out) const {
  const FileRef file = {.kind = FileKind::pack, .id = pack};
  forget_cached(file);
  if (from == ReadFrom::medium) backend_->drop_from_memory(file);
  backend_->load(file, limit, out);
}

void Repository::load_json(const FileRef& file, Buffer& out) const {
  Scratch& scratch = Scratch::of_this_thread();
  load_raw(file, scratch.stored);
  try {
    open_sealed(key_, scratch.stored.view(), scratch.plain);
    out = decode_unpacked(scratch.plain.view(), config_.version, scratch.decompressor,
                          size_limit(file.kind));
  } catch (const Error& e) {
    if (e.code() != Errc::corrupt) throw e.with_context(describe(file));
    throw damaged(file, e.what());
  }
}

Id Repository::save_json(FileKind kind, std::string_view json) const {
  Scratch& scratch = Scratch::of_this_thread();
  Buffer sealed;
  seal(key_, encode_unpacked(json, config_.version, scratch.compressor).view(), sealed, random());
  open_sealed(key_, sealed.view(), scratch.plain);
  const Buffer again =
      decode_unpacked(scratch.plain.view(), config_.version, scratch.decompressor, json.size());
  if (as_text(again.view()) != json) {
    throw Error(Errc::internal,
                format_text(_("a new {} did not survive encryption, so nothing was stored; this "
                              "computer's memory or processor is faulty: test it"),
                            file_kind_name(kind)));
  }
  const Id id = sha256(sealed.view());
  backend_->save({.kind = kind, .id = id}, std::move(sealed));
  return id;
}

}  // namespace medsave
