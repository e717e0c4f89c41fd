#pragma once

#include "fd_cache.hpp"
#include "large_writes.hpp"
#include "restore_context.hpp"

#include "medsave/base/bytes.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace medsave {

/// Opens a file that is corrected in place; makes it writable for that where necessary. Throws
/// Error when it is not (or no longer) a regular file with this single name.
UniqueFd open_in_place(int dir, const std::string& name);

/// Writes the planned files, whose pieces arrive in any order and from any thread. A file is made
/// with its first piece and gets its metadata after its last one; one that lacks pieces keeps the
/// private mode and the current time, so that nobody (a later `--overwrite if-changed` least of
/// all) takes it for complete. Make it after the walk.
class FileWriter {
 public:
  explicit FileWriter(const RestoreContext& context);

  /// Failures of the file are reported. Throws Error(no_space).
  void write(std::uint32_t file, std::uint64_t offset, ByteView content);
  /// Instead of write(): these bytes cannot be had.
  void give_up(std::uint32_t file, std::uint64_t offset, std::uint64_t length,
               const std::string& reason);

  /// Whether the file is complete and correct, as far as it is known. Call after the last write.
  [[nodiscard]] bool succeeded(std::uint32_t file) const { return !states_[file].failed; }

 private:
  struct State {
    std::atomic<std::uint32_t> missing = 0;  // pieces
    std::atomic<bool> failed = false;
    bool created = false;  // guarded by its stripe's mutex
  };
  /// Open files of several pieces; files are spread over stripes by number.
  struct Stripe {
    Stripe();
    std::mutex mutex;  // guards open and State::created; held while a file is opened, so that it
                       // is created once
    FdCache open;
  };
  static constexpr std::size_t kStripes = 16;

  void write_whole(const PlannedFile& file, std::uint32_t number, ByteView content);
  void write_piece(const PlannedFile& file, std::uint32_t number, std::uint64_t offset,
                   ByteView content);
  [[nodiscard]] UniqueFd create(int dir, const PlannedFile& file) const;
  SharedFd open(const PlannedFile& file, std::uint32_t number);
  UniqueFd open_first(int dir, const PlannedFile& file);
  void piece_done(std::uint32_t number);
  void complete(const PlannedFile& file, const SharedFd& dir);
  void fail(std::uint32_t number, const std::string& message);
  Stripe& stripe(std::uint32_t number) { return stripes_[number % kStripes]; }

  const RestoreContext& context_;
  LargeWrites large_;
  std::unique_ptr<State[]> states_;
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace medsave
