#pragma once

#include "medsave/prune/used_blobs.hpp"
#include "medsave/repo/blob_writer.hpp"
#include "medsave/repo/repository.hpp"

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <vector>

namespace medsave {

/// Copies needed blobs out of packs that are to go away: verified, sealed bytes as they are. A
/// blob that also stands in a pack that stays, or was copied already, is passed over.
class Repacker {
 public:
  /// With `compress`, blobs of file contents that are stored raw are compressed; folder lists
  /// always are, where the repository's version allows it. All arguments outlive it.
  Repacker(const Repository& repository, Index& index, const BlobMarks& used, bool compress);

  /// Says that `pack` stays.
  void keep(const Id& pack);
  /// Copies what is needed of these packs; when it returns, the copies are durable and durably
  /// indexed. A blob whose copy there is damaged is taken from any other place. Throws
  /// Error(corrupt) if there is none, and Interrupted.
  void repack(const std::vector<Id>& packs, const BlobWriterOptions& options, Progress& progress,
              const std::stop_token& stop);
  /// Throws Error(internal) unless each needed blob stays or was copied.
  void require_complete() const;

 private:
  class Run;

  const Repository& repository_;
  Index& index_;
  const BlobMarks& used_;
  const bool compress_data_;
  BlobMarks safe_;  // blobs that stay or are copied
};

}  // namespace medsave
