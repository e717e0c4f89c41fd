#pragma once

// repo: an opened repository. Begin here, then read index.hpp (where each blob is),
// prepared_blob.hpp (which shows how a blob gets into the repository), blob_reader.hpp,
// blob_writer.hpp and repo_lock.hpp.

#include "medsave/backend/backend.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/progress.hpp"
#include "medsave/base/random.hpp"
#include "medsave/chunk/polynomial.hpp"
#include "medsave/crypto/kdf.hpp"
#include "medsave/crypto/key.hpp"
#include "medsave/crypto/secret.hpp"
#include "medsave/format/repo_config.hpp"
#include "medsave/repo/index.hpp"

#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace medsave {

class CacheBackend;
class WriteCondition;

struct CreateOptions {
  std::uint32_t version = 2;
  std::optional<Polynomial> polynomial = {};  // of another repository; else a new one
  std::optional<KdfParams> kdf = {};          // cost of the first key; else the default
  /// What the repository goes on with; tests replace them to make the same bytes again.
  const Clock& clock = system_clock();
  Random& random = system_random();
};

/// Where a pack is read from. Copies that this computer has prove nothing of the repository.
enum class ReadFrom {
  repository,  // not from the cache folder
  medium,      // nor from this computer's memory, so far as Backend::drop_from_memory() can do that
};

/// An opened repository: its backend, its master key, its config. Loads and saves the encrypted
/// small files (index, snapshot, lock) and knows nothing of what they mean. Thread-safe.
class Repository {
 public:
  /// Makes the layout, a first key and `config` (last: only with it the repository exists). Throws
  /// Error(exists) when there is a config, a snapshot, an index or a pack already. If there are
  /// only key files, an `init` was interrupted: it is completed, with the master key of one of them
  /// if the password fits. `stop` as for open().
  static std::unique_ptr<Repository> create(std::unique_ptr<Backend> backend,
                                            const Secret& password, const CreateOptions& options,
                                            const std::stop_token& stop = {});

  /// Tries the key files (`key_hint`, an id prefix, first; at most 20). With `list_packs` the packs
  /// are listed meanwhile, for packs_at_opening(). `writes` is what `backend` is guarded with (see
  /// guard_writes()); without it the backend gets a guard here. After a stop no costly key is tried
  /// any more; requests are the backend's concern. Throws Error no_repository, wrong_password, or
  /// corrupt (a damaged key file or config, named), and Interrupted.
  static std::unique_ptr<Repository> open(std::unique_ptr<Backend> backend, const Secret& password,
                                          const std::string& key_hint, bool list_packs = false,
                                          std::shared_ptr<WriteCondition> writes = {},
                                          const std::stop_token& stop = {});

  /// For a repository that has lost its config: which of these sealed ones is that of the
  /// repository whose key files the backend has, and what to store. That is of version 2 also where
  /// the copy is of version 1 and from before an upgrade, by which the repository has got files
  /// that no version 1 can have. nullopt where none is its own. Throws as open() for the password.
  struct OwnConfig {
    std::size_t which = 0;
    Buffer sealed = {};
  };
  static std::optional<OwnConfig> find_own_config(Backend& backend, const Secret& password,
                                                  const std::string& key_hint,
                                                  const std::vector<Buffer>& configs,
                                                  const std::stop_token& stop = {});
  ~Repository();

  /// To be called when others have been waited for since the repository was opened: drops what was
  /// listed then. Throws Error(io) when the config is not what it was: the repository was upgraded
  /// meanwhile, or another one is in its place.
  void renew_after_waiting();

  [[nodiscard]] Backend& backend() const { return *backend_; }
  /// The condition that is checked before the backend publishes or deletes anything; a lock sets
  /// it.
  [[nodiscard]] WriteCondition& writes() const { return *writes_; }
  [[nodiscard]] const RepoConfig& config() const { return config_; }
  [[nodiscard]] const Polynomial& polynomial() const { return polynomial_; }
  [[nodiscard]] const Key& key() const { return key_; }
  /// For what is stored: its times, and keys, nonces and the choice of packs.
  [[nodiscard]] const Clock& clock() const { return *clock_; }
  [[nodiscard]] Random& random() const { return *random_; }
  /// The key file that opened it.
  [[nodiscard]] const Id& key_id() const { return key_id_; }

  /// The locks there were when it was opened, where that was asked for at the same time.
  [[nodiscard]] const std::optional<std::vector<ListedFile>>& locks_at_opening() const {
    return locks_at_opening_;
  }

  /// The packs there were when it was opened, or, if nobody asked for that then, now.
  [[nodiscard]] std::vector<ListedFile> packs_at_opening() const;

  /// Puts the cache in front of the backend; call once, right after opening.
  void use_cache(const std::string& base);
  /// The same with a cache that is empty at first and removed at the end.
  void use_temporary_cache(const std::string& base);
  [[nodiscard]] CacheBackend* cache() const { return cache_; }  // nullptr without one
  /// Has the next reading of the file come from the repository itself: what this computer has in
  /// its cache may be damaged, and proves nothing of the repository.
  void forget_cached(const FileRef& file) const;

  /// JSON of an index, snapshot or lock file. Verifies the name (hash), re-reading once past the
  /// cache, then MAC and compression. Throws Error: not_found, or corrupt naming the file, the
  /// kind of damage and what to do. Reuses `out`.
  void load_json(const FileRef& file, Buffer& out) const;
  /// Seals and stores; durable only after backend().barrier().
  Id save_json(FileKind kind, std::string_view json) const;

  /// Raw stored bytes, verified against the name.
  void load_raw(const FileRef& file, Buffer& out) const;

  /// A whole pack as it is stored, not verified, into `out` (replaced). For those who judge what
  /// the repository has; blobs are read by BlobReader. Throws as Backend::load().
  void load_pack(const Id& pack, std::uint64_t limit, ReadFrom from, Buffer& out) const;

 private:
  Repository(std::unique_ptr<Backend> backend, std::shared_ptr<WriteCondition> writes, Key key,
             Id key_id, RepoConfig config, Polynomial polynomial);

  std::shared_ptr<WriteCondition> writes_;
  std::unique_ptr<Backend> backend_;
  CacheBackend* cache_ = nullptr;
  const Clock* clock_ = &system_clock();
  Random* random_ = &system_random();
  Key key_;
  Id key_id_;
  RepoConfig config_;
  Polynomial polynomial_;
  std::optional<std::vector<ListedFile>> locks_at_opening_;
  std::shared_future<std::vector<ListedFile>> packs_at_opening_;  // last: uses the backend
};

}  // namespace medsave
