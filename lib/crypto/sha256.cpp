#include "medsave/crypto/sha256.hpp"

#include "openssl.hpp"

namespace medsave {
namespace {

const EVP_MD* algorithm() {
  static const DigestPtr fetched = owned<DigestPtr>(EVP_MD_fetch(nullptr, "SHA2-256", nullptr));
  return fetched.get();
}

DigestContextPtr new_context() {
  algorithm();  // first, so that it outlives every context of this thread
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

}  // namespace medsave
