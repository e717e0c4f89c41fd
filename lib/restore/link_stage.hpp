#pragma once

#include "file_writer.hpp"
#include "restore_context.hpp"

#include <cstdint>
#include <stop_token>
#include <string>

namespace medsave {

/// Makes the further names of hard-linked files, after their content. Where the target refuses a
/// hard link, the entry is made a second time from the first one, which is complete by now.
class LinkStage {
 public:
  LinkStage(const RestoreContext& context, const FileWriter& writer)
      : context_(context), writer_(writer) {}
  void run(const std::stop_token& stop);

 private:
  void make(const PlannedLink& link, const std::stop_token& stop);
  void copy(const PlannedLink& link, const SharedDir& from, const FileInfo& original,
            const SharedDir& to, const std::stop_token& stop);
  void copy_content(const PlannedLink& link, DirHandle from, const FileInfo& original, DirHandle to,
                    const std::stop_token& stop);

  const RestoreContext& context_;
  const FileWriter& writer_;
  std::uint64_t copies_ = 0;
};

}  // namespace medsave
