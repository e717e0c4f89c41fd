#pragma once

#include "damage_log.hpp"

#include "medsave/par/bounded_queue.hpp"
#include "medsave/repo/repository.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace medsave {

/// Reads whole packs and verifies every byte: file hash, header, each blob. Packs are fetched on
/// as many threads as the backend likes and verified on all cores.
class PackCheck {
 public:
  PackCheck(const Repository& repository, const Index& index, DamageLog& log, Progress& progress)
      : repository_(repository), index_(index), log_(log), progress_(progress) {}

  void run(std::vector<PackSummary> packs, const std::stop_token& stop);

  [[nodiscard]] std::uint64_t packs_read() const { return packs_read_; }
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  struct LoadedPack {
    std::size_t number = 0;  // in packs_
    Buffer content = {};
    std::optional<Error> failure = {};  // of reading; nullopt when content is there
  };
  using Queue = BoundedQueue<LoadedPack>;
  /// What one reading of a pack showed.
  struct Verdict {
    std::string faults = {};  // empty for a good pack
    std::vector<BlobRef> bad_blobs = {};
    void add(const std::string& fault);
  };

  void fetch(BoundedQueue<Buffer>& spare, Queue& loaded, const std::stop_token& stop);
  std::optional<Error> load(const PackSummary& pack, ReadFrom from, Buffer& content) const;
  void verify(BoundedQueue<Buffer>& spare, Queue& loaded, const std::stop_token& stop);
  void examine(LoadedPack& pack, Buffer& plain, const std::stop_token& stop);
  void judge(const PackSummary& pack, LoadedPack& loaded, Buffer& plain, Verdict& verdict,
             const std::stop_token& stop) const;
  void judge_blobs(const std::vector<PackEntry>& entries, ByteView content, Buffer& plain,
                   Verdict& verdict, const std::stop_token& stop) const;
  std::optional<std::string> judge_header(const std::vector<PackEntry>& entries, ByteView content,
                                          Buffer& plain) const;

  const Repository& repository_;
  const Index& index_;
  DamageLog& log_;
  Progress& progress_;
  std::vector<PackSummary> packs_;
  std::size_t largest_ = 0;  // bytes
  std::atomic<std::size_t> next_ = 0;
  std::atomic<std::uint64_t> packs_read_ = 0;
  std::atomic<std::uint64_t> bytes_read_ = 0;
};

}  // namespace medsave
