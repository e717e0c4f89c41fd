#pragma once

#include "file_writer.hpp"
#include "restore_context.hpp"

#include <stop_token>

namespace medsave {

/// Last stage: hard links, removal of what the snapshot does not have, and the directories'
/// metadata, children before parents.
class FinishStage {
 public:
  FinishStage(const RestoreContext& context, const FileWriter& writer)
      : context_(context), writer_(writer) {}
  void run(const std::stop_token& stop);

 private:
  void make_link(const PlannedLink& link);
  void remove_extra(const ExtraEntry& extra);
  void finish_dir(std::uint32_t dir);

  const RestoreContext& context_;
  const FileWriter& writer_;
};

}  // namespace medsave
