#pragma once

#include "restore_context.hpp"

#include <stop_token>

namespace medsave {

/// Last stage: removal of what the snapshot does not have, and the directories' metadata, children
/// before parents.
class FinishStage {
 public:
  explicit FinishStage(const RestoreContext& context) : context_(context) {}
  void run(const std::stop_token& stop);

 private:
  void tell_of_newer() const;
  void tell_of_sockets() const;
  void remove_extras(const std::stop_token& stop);
  void tell_of_extras() const;
  void remove_extra(const ExtraEntry& extra);
  void finish_dir(std::uint32_t dir);
  void finish_root();

  const RestoreContext& context_;
  std::uint64_t newer_ = 0;    // extras that came meanwhile
  std::uint64_t sockets_ = 0;  // extras that stay
};

}  // namespace medsave
