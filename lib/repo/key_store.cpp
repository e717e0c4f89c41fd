#include "medsave/repo/key_store.hpp"

#include "key_codec.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/text.hpp"
#include "medsave/repo/list_again.hpp"

#include <algorithm>
#include <utility>

namespace medsave {
namespace {

FileRef key_file(const Id& id) { return {.kind = FileKind::key, .id = id}; }

void remove_durably(const Repository& repository, const Id& id) {
  try {
    repository.backend().remove(key_file(id));
    repository.backend().barrier();
  } catch (const Error& e) {
    throw Error(
        e.code(),
        format_text(
            _("key {} could not be removed, so its password still opens the repository ({}). When "
              "the cause is mended, remove it with another password: \"medsave key remove {}\"."),
            id.short_hex(), without_stop(e.what()), id.short_hex()));
  }
  if (find_undeleted(repository, FileKind::key, {id}, {}).empty()) return;
  throw Error(Errc::io,
              format_text(_("key {} is still there although the storage said that it deleted it: "
                            "its password still opens the repository. Look at the medium or the "
                            "server, then remove the key: \"medsave key remove {}\"."),
                          id.short_hex(), id.short_hex()));
}

/// Another process may have removed it since this one opened the repository with it.
void require_key_in_use(const Repository& repository) {
  const std::vector<ListedFile> keys = repository.backend().list(FileKind::key);
  if (std::ranges::find(keys, repository.key_id(), &ListedFile::id) != keys.end()) return;
  throw Error(Errc::not_found, format_text(_("the key in use, {}, has been removed meanwhile, so "
                                             "nothing was changed; see \"medsave key list\""),
                                           repository.key_id().short_hex()));
}

/// Only the first keys by id are tried: with more, some passwords would not open the repository any
/// more.
void require_room_for_key(const Repository& repository, std::size_t most) {
  const std::size_t keys = repository.backend().list(FileKind::key).size();
  if (keys < most) return;
  throw Error(Errc::usage,
              format_text(_("the repository has {} keys, and a password is only tried with {}; no "
                            "key was added. Remove one that nobody needs any more (\"medsave key "
                            "list\", \"medsave key remove ID\"), then try again."),
                          keys, kMaxKeyTries));
}

bool same_key(const Key& a, const Key& b) {
  return std::ranges::equal(a.encrypt_key(), b.encrypt_key()) &&
         std::ranges::equal(a.mac_k(), b.mac_k()) && std::ranges::equal(a.mac_r(), b.mac_r());
}

/// Stores a key and checks that it opens the repository. It may not be used before an
/// emergency.
Id store_key(const Repository& repository, const Secret& password, const std::string& username,
             const std::string& hostname, const std::optional<KdfParams>& kdf) {
  Backend& backend = repository.backend();
  const Id id = save_key_file(backend, repository.key(), password, username, hostname, kdf,
                              repository.clock(), repository.random());
  backend.barrier();
  const std::optional<Key> opened = open_key_file(id, load_key_file(backend, id), password, {});
  if (!opened || !same_key(*opened, repository.key())) {
    throw Error(Errc::io,
                format_text(_("the new key {} was stored, but does not open the repository; the "
                              "passwords of before do. Check the storage, then remove the key "
                              "(\"medsave key remove {}\") and try again."),
                            id.short_hex(), id.short_hex()));
  }
  return id;
}

}  // namespace

KeyListing list_keys(const Repository& repository) {
  KeyListing listing;
  for (const ListedFile& file : repository.backend().list(FileKind::key)) {
    try {
      listing.keys.push_back({.id = file.id,
                              .current = file.id == repository.key_id(),
                              .file = load_key_file(repository.backend(), file.id)});
    } catch (const Error& e) {
      listing.problems.emplace_back(e.what());
    }
  }
  std::sort(listing.keys.begin(), listing.keys.end(),
            [](const KeyInfo& a, const KeyInfo& b) { return a.id < b.id; });
  return listing;
}

Id add_key(const Repository& repository, const Secret& password, const std::string& username,
           const std::string& hostname, const std::optional<KdfParams>& kdf) {
  require_room_for_key(repository, kMaxKeyTries);
  return store_key(repository, password, username, hostname, kdf);
}

void remove_key(const Repository& repository, const Id& id) {
  if (id == repository.key_id()) {
    throw Error(Errc::usage,
                format_text(_("key {} is the one in use; open the repository with another "
                              "password to remove it"),
                            id.short_hex()));
  }
  if (!repository.backend().size(key_file(id))) {
    throw Error(Errc::not_found,
                format_text(_("there is no key {}; see \"medsave key list\""), id.short_hex()));
  }
  require_key_in_use(repository);
  remove_durably(repository, id);
}

Id find_key(const Repository& repository, const std::string& prefix) {
  std::vector<Id> found;
  for (const ListedFile& file : repository.backend().list(FileKind::key)) {
    if (!prefix.empty() && file.id.hex().starts_with(prefix)) found.push_back(file.id);
  }
  if (found.empty()) {
    throw Error(Errc::not_found,
                format_text(_("there is no key {}; see \"medsave key list\""), prefix));
  }
  if (found.size() == 1) return found.front();
  std::sort(found.begin(), found.end());
  std::string names;
  for (const Id& id : found) {
    if (!names.empty()) names += ", ";
    names += id.short_hex();
  }
  throw Error(Errc::usage, format_text(_("\"{}\" is the beginning of several keys ({}); give more "
                                         "digits"),
                                       prefix, names));
}

Id change_password(const Repository& repository, const Secret& password,
                   const std::string& username, const std::string& hostname,
                   const std::optional<KdfParams>& kdf) {
  require_key_in_use(repository);
  require_room_for_key(repository, kMaxKeyTries + 1);  // the old one is removed afterwards
  const Id id = store_key(repository, password, username, hostname, kdf);
  try {
    remove_durably(repository, repository.key_id());
  } catch (const Error& e) {
    throw Error(e.code(),
                format_text(_("the new password opens the repository, but {}"), e.what()));
  }
  return id;
}

}  // namespace medsave
