#include "key_codec.hpp"

#include "damage.hpp"

#include "medsave/base/clock.hpp"
#include "medsave/base/random.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/seal.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/sys/host.hpp"

#include <array>
#include <cstring>

namespace medsave {
namespace {

/// The master key's JSON, wiped.
class MasterText {
 public:
  explicit MasterText(const Key& key) {
    std::array<std::byte, Key::kSize> bytes = {};
    std::memcpy(bytes.data(), key.encrypt_key().data(), Key::kEncryptSize);
    std::memcpy(bytes.data() + Key::kEncryptSize, key.mac_k().data(), Key::kMacKSize);
    std::memcpy(bytes.data() + Key::kEncryptSize + Key::kMacKSize, key.mac_r().data(),
                Key::kMacRSize);
    text_ = encode_master_key(bytes);
    wipe(bytes.data(), bytes.size());
  }
  MasterText(const MasterText&) = delete;
  MasterText& operator=(const MasterText&) = delete;
  ~MasterText() { wipe(text_.data(), text_.size()); }
  [[nodiscard]] ByteView bytes() const { return as_bytes(text_); }

 private:
  std::string text_;
};

struct WipedBuffer {
  Buffer buffer;
  WipedBuffer() = default;
  explicit WipedBuffer(Buffer content) : buffer(std::move(content)) {}
  WipedBuffer(const WipedBuffer&) = delete;
  WipedBuffer& operator=(const WipedBuffer&) = delete;
  ~WipedBuffer() { wipe(buffer.data(), buffer.size()); }
};

}  // namespace

Id save_key_file(Backend& backend, const Key& master, const Secret& password,
                 const std::string& username, const std::string& hostname,
                 const std::optional<KdfParams>& kdf, const Clock& clock, Random& random) {
  const KdfParams params = kdf.value_or(KdfParams{});
  KeyFile file;
  file.created = in_local_zone(clock.now());
  file.username = username.empty() ? user_name() : username;
  file.hostname = hostname.empty() ? host_name() : hostname;
  file.n = params.n;
  file.r = params.r;
  file.p = params.p;
  file.salt.resize(kSaltSize);
  random.fill(file.salt.writable());
  const Key user_key = derive_key(password.text(), file.salt.view(), params);
  seal(user_key, MasterText(master).bytes(), file.data, random);

  Buffer stored(as_bytes(encode_key_file(file)));
  const Id id = sha256(stored.view());
  backend.save({.kind = FileKind::key, .id = id}, std::move(stored));
  return id;
}

KeyFile load_key_file(Backend& backend, const Id& id) {
  const FileRef file{.kind = FileKind::key, .id = id};
  Buffer stored;
  backend.load(file, size_limit(FileKind::key), stored);
  if (sha256(stored.view()) != id) {  // once more: a bit may have flipped in transit
    backend.load(file, size_limit(FileKind::key), stored);
    if (sha256(stored.view()) != id) throw damaged(file, _("its content does not fit its name"));
  }
  try {
    return decode_key_file(as_text(stored.view()));
  } catch (const Error& e) {
    if (e.code() != Errc::corrupt) throw e.with_context(describe(file));
    throw damaged(file, e.what());
  }
}

std::optional<Key> open_key_file(const Id& id, const KeyFile& file, const Secret& password,
                                 const std::stop_token& stop) {
  const FileRef ref{.kind = FileKind::key, .id = id};
  try {
    const Key user_key = derive_key(password.text(), file.salt.view(),
                                    {.n = file.n, .r = file.r, .p = file.p}, stop);
    WipedBuffer text;
    if (!try_open_sealed(user_key, file.data.view(), text.buffer)) return std::nullopt;
    const WipedBuffer master(decode_master_key(as_text(text.buffer.view())));
    return Key(master.buffer.view());
  } catch (const Error& e) {
    if (e.code() != Errc::corrupt) throw e.with_context(describe(ref));
    throw damaged(ref, e.what());
  }
}

}  // namespace medsave
