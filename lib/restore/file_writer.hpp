#pragma once

#include "large_writes.hpp"
#include "open_cache.hpp"
#include "restore_context.hpp"

#include "medsave/base/bytes.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

namespace medsave {

/// Opens a file that is corrected in place; makes it writable for that where necessary. Throws
/// Error when it is not (or no longer) that regular file with this single name.
UniqueFd open_in_place(DirHandle dir, const std::string& name, const FileKey& expected);
/// Creates a planned file, in place of what the plan saw there. `recursive`: also of a full folder.
UniqueFd create_planned(DirHandle dir, const PlannedFile& file, const Clearing& clearing);

/// close_fd(), whose failure is this file's problem alone: unlike a write to a full medium, it does
/// not end the run.
void close_restored(UniqueFd fd, const std::string& name);

/// Writes the planned files, whose pieces arrive in any order and from any thread. A file is made
/// with its first piece, with a private mode and the current time, so that nobody (a later
/// `--overwrite if-changed` least of all) takes it for complete; its metadata is left to
/// MetadataStage. Make it after the walk.
class FileWriter {
 public:
  explicit FileWriter(const RestoreContext& context);
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  /// Removes what did not get its name.
  ~FileWriter();

  /// Failures of the file are reported. Throws Error(no_space).
  void write(std::uint32_t file, std::uint64_t offset, ByteView content);
  /// Instead of write(): these bytes cannot be had.
  void give_up(std::uint32_t file, std::uint64_t offset, std::uint64_t length,
               const std::string& reason);

  /// Puts those files in place for which a folder goes with what is in it: what is in there may be
  /// the only copy of what cannot be restored. After the last write, before succeeded() is asked.
  void replace_folders(const std::stop_token& stop);

  /// Whether the file is complete and correct, as far as it is known. Call after the last write.
  [[nodiscard]] bool succeeded(std::uint32_t file) const { return !states_[file].failed; }
  /// Throws Error(io) when the name no longer leads to what was written, or kept as it was:
  /// somebody has saved a file of his own meanwhile.
  void require_in_place(std::uint32_t file) const;

 private:
  struct State {
    std::atomic<std::uint32_t> missing = 0;  // pieces
    std::atomic<bool> failed = false;
    bool opened = false;     // guarded by its stripe's mutex, as the following
    bool refused = false;    // it could not be opened, and that has been told
    bool temporary = false;  // it is there under its temporary name
    FileKey key = {};        // once written to: another file of this name is not ours
    Timestamp mtime = {};    // once written: when we last changed it
  };
  /// Open files of several pieces; files are spread over stripes by number.
  struct Stripe {
    Stripe();
    std::mutex mutex;  // guards open and State::opened; held while a file is opened, so that it
                       // is created once
    OpenCache<UniqueFd> open;
  };
  static constexpr std::size_t kStripes = 16;

  void write_whole(const PlannedFile& file, std::uint32_t number, ByteView content);
  void write_piece(const PlannedFile& file, std::uint32_t number, std::uint64_t offset,
                   ByteView content);
  /// nullptr when an earlier piece met with a failure to open it.
  SharedFd open(const PlannedFile& file, std::uint32_t number);
  UniqueFd open_first(DirHandle dir, const PlannedFile& file, std::uint32_t number);
  UniqueFd create(DirHandle dir, const PlannedFile& file, std::uint32_t number);
  [[nodiscard]] std::string present_name(const PlannedFile& file, std::uint32_t number) const;
  void make_durable(const PlannedFile& file, std::uint32_t number);
  void settle(const PlannedFile& file, const SharedDir& dir, std::uint32_t number);
  void settle_name(const PlannedFile& file, const SharedDir& dir, std::uint32_t number);
  void remove_temporary_file(std::uint32_t number) noexcept;
  SharedFd share(UniqueFd fd, std::uint32_t number);
  void close_shared(UniqueFd fd, std::uint32_t number) noexcept;
  void piece_done(std::uint32_t number);
  void close_last(const PlannedFile& file, std::uint32_t number);
  void note_written(std::uint32_t file, const FileInfo& info);
  void confirm(const PlannedFile& file, const SharedDir& dir, std::uint32_t number);
  void complete(const PlannedFile& file);
  void fail(std::uint32_t number, const std::string& message);
  Stripe& stripe(std::uint32_t number) { return stripes_[number % kStripes]; }

  const RestoreContext& context_;
  LargeWrites large_;
  std::unique_ptr<State[]> states_;
  std::mutex failures_mutex_;                            // guards close_failures_
  std::map<std::uint32_t, std::string> close_failures_;  // by file
  std::array<Stripe, kStripes> stripes_;                 // last: closes files, which may fail
};

}  // namespace medsave
