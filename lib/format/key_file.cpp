#include "medsave/format/key_file.hpp"

#include "json_time.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/text.hpp"
#include "medsave/json/json_reader.hpp"
#include "medsave/json/json_writer.hpp"

#include <cassert>
#include <cstring>

namespace medsave {

namespace {

// The parts of a master key: encrypt ‖ k ‖ r.
constexpr std::size_t kEncryptSize = 32;
constexpr std::size_t kMacPartSize = 16;
constexpr std::size_t kMasterKeySize = kEncryptSize + 2 * kMacPartSize;

void append_secret(std::string& out, ByteView secret) {
  std::string text = to_base64(secret);
  append_json_string(out, text);
  wipe(text.data(), text.size());
}

void decode_secret(JsonReader& in, MutableByteView out) {
  std::optional<Buffer> secret = from_base64(in.string());
  if (!secret || secret->empty()) in.bad_value();
  const bool fits = secret->size() == out.size();
  if (fits) std::memcpy(out.data(), secret->data(), out.size());
  wipe(secret->data(), secret->size());
  if (!fits) in.bad_value();
}

Buffer decode_buffer(JsonReader& in) {
  std::optional<Buffer> bytes = from_base64(in.string());
  if (!bytes) in.bad_value();
  return std::move(*bytes);
}

/// Both halves of the authentication key, `mac`: k ‖ r.
void decode_mac(JsonReader& in, MutableByteView mac) {
  bool has_k = false;
  bool has_r = false;
  in.enter_object();
  while (in.next_member()) {
    if (in.key() == "k") {
      decode_secret(in, mac.first(kMacPartSize));
      has_k = true;
    } else if (in.key() == "r") {
      decode_secret(in, mac.last(kMacPartSize));
      has_r = true;
    } else {
      in.skip();
    }
  }
  if (!has_k) throw_missing_field("k");
  if (!has_r) throw_missing_field("r");
}

void check_complete(const KeyFile& key, std::string_view kdf) {
  if (kdf.empty()) throw_missing_field("kdf");
  if (kdf != "scrypt") {
    throw Error(Errc::unsupported,
                format_text(_("the key file uses the key derivation \"{}\"; this program knows "
                              "only scrypt"),
                            kdf));
  }
  if (key.n == 0) throw_missing_field("N");
  if (key.r == 0) throw_missing_field("r");
  if (key.p == 0) throw_missing_field("p");
  if (key.salt.empty()) throw_missing_field("salt");
  if (key.data.empty()) throw_missing_field("data");
}

}  // namespace

std::string encode_key_file(const KeyFile& key) {
  std::string out = R"({"created":)";
  append_json_string(out, format_zoned_time(key.created));
  out += R"(,"username":)";
  append_json_string(out, key.username);
  out += R"(,"hostname":)";
  append_json_string(out, key.hostname);
  out += R"(,"kdf":"scrypt","N":)";
  append_json_number(out, key.n);
  out += R"(,"r":)";
  append_json_number(out, key.r);
  out += R"(,"p":)";
  append_json_number(out, key.p);
  out += R"(,"salt":)";
  append_json_base64(out, key.salt.view());
  out += R"(,"data":)";
  append_json_base64(out, key.data.view());
  out += '}';
  return out;
}

KeyFile decode_key_file(std::string_view json) {
  JsonReader in(json);
  KeyFile key;
  std::string kdf;
  in.enter_object();
  while (in.next_member()) {
    const std::string_view name = in.key();
    if (name == "created") {
      key.created = read_time(in);
    } else if (name == "username") {
      key.username = in.string();
    } else if (name == "hostname") {
      key.hostname = in.string();
    } else if (name == "kdf") {
      kdf = in.string();
    } else if (name == "N") {
      key.n = in.integer<std::uint64_t>();
    } else if (name == "r") {
      key.r = in.integer<std::uint32_t>();
    } else if (name == "p") {
      key.p = in.integer<std::uint32_t>();
    } else if (name == "salt") {
      key.salt = decode_buffer(in);
    } else if (name == "data") {
      key.data = decode_buffer(in);
    } else {
      in.skip();
    }
  }
  in.finish();
  check_complete(key, kdf);
  return key;
}

std::string encode_master_key(ByteView key) {
  assert(key.size() == kMasterKeySize);
  std::string out;
  out.reserve(160);  // growing would leave a copy of the key behind in freed memory
  out += R"({"mac":{"k":)";
  append_secret(out, key.subspan(kEncryptSize, kMacPartSize));
  out += R"(,"r":)";
  append_secret(out, key.last(kMacPartSize));
  out += R"(},"encrypt":)";
  append_secret(out, key.first(kEncryptSize));
  out += '}';
  return out;
}

Buffer decode_master_key(std::string_view json) {
  JsonReader in(json);
  Buffer key(kMasterKeySize);
  bool has_mac = false;
  bool has_encrypt = false;
  in.enter_object();
  while (in.next_member()) {
    if (in.key() == "mac") {
      decode_mac(in, key.writable().subspan(kEncryptSize));
      has_mac = true;
    } else if (in.key() == "encrypt") {
      decode_secret(in, key.writable().first(kEncryptSize));
      has_encrypt = true;
    } else {
      in.skip();
    }
  }
  in.finish();
  if (!has_mac) throw_missing_field("mac");
  if (!has_encrypt) throw_missing_field("encrypt");
  return key;
}

}  // namespace medsave
