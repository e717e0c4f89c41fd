#include "medsave/repo/opened_repository.hpp"

#include <utility>

namespace medsave {

OpenedRepository::OpenedRepository(std::string location, const std::stop_token& program)
    : location_(std::move(location)), on_program_stop_(program, [this] { cancel(); }) {}

void OpenedRepository::set_repository(std::unique_ptr<Repository> repository) {
  repository_ = std::move(repository);
}

void OpenedRepository::take_lock(const LockOptions& options, const NoticeSink& notice) {
  lock_ = std::make_unique<RepoLock>(*repository_, options, notice, stop_);
  if (lock_->waited()) repository_->renew_after_waiting();
}

void OpenedRepository::explain_lost_lock() const {
  if (lock_ && lock_->lost()) lock_->confirm();
}

Traffic OpenedRepository::traffic() const {
  return repository_ ? repository_->backend().traffic() : Traffic{};
}

}  // namespace medsave
