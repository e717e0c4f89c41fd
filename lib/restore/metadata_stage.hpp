#pragma once

#include "file_writer.hpp"
#include "restore_context.hpp"

#include <stop_token>

namespace medsave {

/// Takes the mark of what is unfinished from the files that were written, and gives them their
/// metadata. Run it when their content is safe on the medium: whoever goes by size and time, a
/// later `--overwrite if-changed` above all, takes them for complete from then on.
class MetadataStage {
 public:
  MetadataStage(const RestoreContext& context, const FileWriter& writer)
      : context_(context), writer_(writer) {}
  void run(const std::stop_token& stop);

 private:
  void finish_written(std::uint32_t number) const;
  void finish(const PlannedFile& file) const;

  const RestoreContext& context_;
  const FileWriter& writer_;
};

}  // namespace medsave
