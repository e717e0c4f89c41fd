#pragma once

#include "file_writer.hpp"
#include "restore_context.hpp"

#include "medsave/format/tree.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

namespace medsave {

/// Reads every restored file back and compares it with the blobs' ids (`--verify`). Reads from the
/// medium: what was written is durable by now, or made so here file by file, and is then dropped
/// from memory.
class VerifyStage {
 public:
  VerifyStage(const RestoreContext& context, const FileWriter& writer)
      : context_(context), writer_(writer) {}
  void run(const std::stop_token& stop);

 private:
  void verify_dir(std::span<PlannedFile* const> files, Buffer& content,
                  const std::stop_token& stop);
  void verify_file(const PlannedFile& file, const Node& node, Buffer& content,
                   const std::stop_token& stop);

  const RestoreContext& context_;
  const FileWriter& writer_;
};

}  // namespace medsave
