#include "fan_out.hpp"

#include "medsave/crypto/sha256.hpp"

#include <algorithm>
#include <optional>

namespace medsave {

FanOut::FanOut(std::vector<std::unique_ptr<BlobSink>> sinks, CompressionLevel level)
    : sinks_(std::move(sinks)), level_(level), failed_(sinks_.size()), failures_(sinks_.size()) {}

bool FanOut::fail(std::size_t destination, const std::exception_ptr& failure) {
  const std::lock_guard lock(mutex_);
  if (!failed_[destination].exchange(true)) {
    failures_[destination] = failure;
    const auto has_failed = [](const std::atomic<bool>& failed) { return failed.load(); };
    if (std::ranges::all_of(failed_, has_failed)) last_failure_ = failure;
  }
  return last_failure_ == nullptr;
}

std::exception_ptr FanOut::failure(std::size_t destination) const {
  const std::lock_guard lock(mutex_);
  return failures_[destination];
}

void FanOut::require_any() const {
  const std::lock_guard lock(mutex_);
  if (last_failure_ != nullptr) std::rethrow_exception(last_failure_);
}

template <typename Work>
void FanOut::in_each(const Work& work) {
  for (std::size_t i = 0; i < sinks_.size(); ++i) {
    if (!works(i)) continue;
    try {
      work(i, *sinks_[i]);
    } catch (...) {
      if (!fail(i, std::current_exception())) throw;
    }
  }
  require_any();
}

SavedBlob FanOut::save(BlobKind kind, ByteView plain) {
  if (sinks_.size() > 1) return save_in_several({.kind = kind, .id = sha256(plain)}, plain);
  SavedBlob saved;
  in_each([&](std::size_t, BlobSink& sink) { saved = sink.save(kind, plain); });
  return saved;
}

SavedBlob FanOut::save(const BlobRef& blob, ByteView plain) {
  if (sinks_.size() > 1) return save_in_several(blob, plain);
  SavedBlob saved;
  in_each([&](std::size_t, BlobSink& sink) { saved = sink.save(blob, plain); });
  return saved;
}

SavedBlob FanOut::save_in_several(const BlobRef& blob, ByteView plain) {
  bool is_lacking = false;
  std::optional<LeastGain> least;
  in_each([&](std::size_t, const BlobSink& sink) {
    if (sink.knows(blob)) return;
    is_lacking = true;
    const std::optional<LeastGain> wanted = sink.least_gain();
    if (wanted) least = std::min(least.value_or(*wanted), *wanted);
  });
  SavedBlob first = {.id = blob.id};
  if (!is_lacking) return first;
  std::unique_ptr<Preparer> preparer = take_preparer();
  const PreparedBlob prepared = preparer->preparer.prepare(blob, plain, least, preparer->frame);
  in_each([&](std::size_t i, BlobSink& sink) {
    const SavedBlob saved = sink.save_prepared(prepared);
    if (i == 0) first = saved;
  });
  const std::lock_guard lock(mutex_);
  preparers_.push_back(std::move(preparer));
  return first;
}

SavedBlob FanOut::save_anew(const BlobRef& blob, ByteView plain, const DestinationSet& anew) {
  SavedBlob first = {.id = blob.id};
  in_each([&](std::size_t i, BlobSink& sink) {
    const auto once = [&] {
      const std::lock_guard lock(mutex_);
      return stored_anew_.emplace(i, blob.id).second;
    };
    SavedBlob saved = {.id = blob.id};
    if (!contains(anew, i)) {
      saved = sink.save(blob, plain);
    } else if (once()) {
      saved = sink.save_again(blob, plain);
    }
    if (i == 0) first = saved;
  });
  return first;
}

std::unique_ptr<FanOut::Preparer> FanOut::take_preparer() {
  {
    const std::lock_guard lock(mutex_);
    if (!preparers_.empty()) {
      std::unique_ptr<Preparer> preparer = std::move(preparers_.back());
      preparers_.pop_back();
      return preparer;
    }
  }
  return std::make_unique<Preparer>(level_);
}

}  // namespace medsave
