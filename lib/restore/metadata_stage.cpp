#include "metadata_stage.hpp"

#include "medsave/base/error.hpp"
#include "medsave/par/task_scope.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace medsave {
namespace {

constexpr std::size_t kBatch = 64;  // files of one folder are mostly neighbours

}  // namespace

void MetadataStage::run(const std::stop_token& stop) {
  const std::deque<PlannedFile>& files = context_.deferred.files;
  std::atomic<std::size_t> next = 0;
  TaskScope scope(stop);
  scope.spawn("metadata", worker_count(), [&](const std::stop_token& token) {
    for (std::size_t i = next.fetch_add(kBatch); i < files.size(); i = next.fetch_add(kBatch)) {
      check_stop(token);
      for (std::size_t file = i; file < std::min(i + kBatch, files.size()); ++file) {
        finish_written(static_cast<std::uint32_t>(file));
      }
    }
  });
  scope.join();
  for (const PlannedFile& copy : context_.deferred.copies) finish(copy);
}

void MetadataStage::finish_written(std::uint32_t number) const {
  const PlannedFile& file = context_.deferred.files[number];
  if (!writer_.succeeded(number) || file.has_metadata || file.damaged) return;
  try {
    writer_.require_in_place(number);
  } catch (const Error& e) {
    context_.item_failed(file.dir, file.name, e);
    return;
  }
  finish(file);
}

void MetadataStage::finish(const PlannedFile& file) const {
  if (file.has_metadata || file.damaged) return;
  try {
    context_.apply_metadata(file.dir, context_.target.open(file.dir), file.name, file.metadata,
                            !file.in_place);
  } catch (const Error& e) {
    context_.item_failed(file.dir, file.name, e);
  }
}

}  // namespace medsave
