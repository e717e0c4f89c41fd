#include "medsave/crypto/sha256.hpp"

#include "openssl.hpp"
#include "sha256_blocks.hpp"

#include <algorithm>
#include <cstring>

namespace medsave {
namespace {

const EVP_MD* algorithm() {
  static const DigestPtr fetched = owned<DigestPtr>(EVP_MD_fetch(nullptr, "SHA2-256", nullptr));
  return fetched.get();
}

DigestContextPtr new_context() {
  algorithm();  // constructed first, so that it is destroyed last
  return owned<DigestContextPtr>(EVP_MD_CTX_new());
}

void begin(EVP_MD_CTX* context) {
  require_openssl(EVP_DigestInit_ex2(context, algorithm(), nullptr));
}

void update_with(EVP_MD_CTX* context, ByteView data) {
  require_openssl(EVP_DigestUpdate(context, data.data(), data.size()));
}

Id finish_with(EVP_MD_CTX* context) {
  Id id;
  require_openssl(EVP_DigestFinal_ex(context, octets(id.bytes().data()), nullptr));
  return id;
}

}  // namespace

Id sha256(ByteView data) {
  thread_local const DigestContextPtr context = new_context();
  begin(context.get());
  update_with(context.get(), data);
  return finish_with(context.get());
}

struct Sha256Stream::State {
  DigestContextPtr context = new_context();
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) { begin(state_->context.get()); }
Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;

void Sha256Stream::update(ByteView data) { update_with(state_->context.get(), data); }

Id Sha256Stream::finish() {
  const Id id = finish_with(state_->context.get());
  begin(state_->context.get());
  return id;
}

/// All blobs and files are named and verified by these hashes, so a processor that computes them
/// wrongly must be noticed.
bool Sha256Job::lanes_are_right() {
  std::array<std::byte, 5 * kSha256Block + 7> pattern;
  for (std::size_t i = 0; i < pattern.size(); ++i) pattern[i] = static_cast<std::byte>(i * 151 + 7);
  const ByteView whole = pattern;
  Sha256Job longer(whole);
  Sha256Job shorter(whole.subspan(1, 2 * kSha256Block + 60));
  advance_in_lanes(std::array{&longer, &shorter});
  return longer.finish_in_lane() == sha256(longer.message_) &&
         shorter.finish_in_lane() == sha256(shorter.message_);
}

bool Sha256Job::use_lanes() {
  static const bool kUse = have_sha256_instructions() && lanes_are_right();
  return kUse;
}

void Sha256Job::advance_both(Sha256Job& a, Sha256Job& b) {
  if (a.done() || b.done()) return;
  if (use_lanes()) {
    advance_in_lanes(std::array{&a, &b});
  } else {
    a.hashed_ = a.message_.size();  // finish() will hash all of it
  }
}

/// `jobs`: one or two.
void Sha256Job::advance_in_lanes(std::span<Sha256Job* const> jobs) {
  std::array<Sha256Lane, 2> lanes;
  std::size_t bytes = jobs.front()->remaining();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    lanes[i] = {.state = jobs[i]->state_.data(),
                .blocks = jobs[i]->message_.data() + jobs[i]->hashed_};
    bytes = std::min(bytes, jobs[i]->remaining());
  }
  hash_blocks(std::span(lanes).first(jobs.size()), bytes / kSha256Block);
  for (Sha256Job* const job : jobs) job->hashed_ += bytes;
}

std::size_t Sha256Job::remaining() const {
  return (message_.size() - hashed_) / kSha256Block * kSha256Block;
}

Id Sha256Job::finish() { return use_lanes() ? finish_in_lane() : sha256(message_); }

Id Sha256Job::finish_in_lane() {
  if (!done()) advance_in_lanes(std::array{this});
  pad_and_hash();
  Id id;
  for (std::size_t i = 0; i < state_.size(); ++i) {
    const std::uint32_t big_endian = __builtin_bswap32(state_[i]);
    std::memcpy(id.bytes().data() + i * sizeof big_endian, &big_endian, sizeof big_endian);
  }
  return id;
}

/// The last blocks: what is left of the message, a one, zeros, and the length in bits (FIPS 180-4,
/// section 5.1.1).
void Sha256Job::pad_and_hash() {
  std::array<std::byte, 2 * kSha256Block> last = {};
  const ByteView rest = message_.subspan(hashed_);
  std::ranges::copy(rest, last.begin());
  last[rest.size()] = std::byte{0x80};
  const std::uint64_t bits = __builtin_bswap64(std::uint64_t{message_.size()} * 8);
  const std::size_t size =
      rest.size() + 1 + sizeof bits <= kSha256Block ? kSha256Block : 2 * kSha256Block;
  std::memcpy(last.data() + size - sizeof bits, &bits, sizeof bits);
  const Sha256Lane lane = {.state = state_.data(), .blocks = last.data()};
  hash_blocks(std::span(&lane, 1), size / kSha256Block);
}

}  // namespace medsave
