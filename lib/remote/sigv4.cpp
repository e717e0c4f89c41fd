#include "sigv4.hpp"

#include "http_text.hpp"
#include "s3_time.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/system.hpp"
#include "medsave/crypto/hmac.hpp"
#include "medsave/crypto/sha256.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace medsave {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kScopeEnd = "aws4_request";

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

/// Without white space around it, and single blanks inside.
std::string collapsed(std::string_view value) {
  std::string result;
  for (const char c : trim(value)) {
    if (c == ' ' && result.ends_with(' ')) continue;
    result += c;
  }
  return result;
}

/// By name in lower case; values of the same name in their order, joined by commas.
std::map<std::string, std::string> canonical_headers(const std::vector<std::string>& headers) {
  std::map<std::string, std::string> canonical;
  for (const std::string& header : headers) {
    const std::size_t colon = header.find(':');
    const std::string name = lower_case(trim(header.substr(0, colon)));
    const std::string value = collapsed(std::string_view(header).substr(colon + 1));
    const auto [known, fresh] = canonical.emplace(name, value);
    if (!fresh) known->second += "," + value;
  }
  return canonical;
}

std::string signed_headers(const std::vector<std::string>& headers) {
  std::string names;
  for (const auto& [name, value] : canonical_headers(headers)) {
    if (!names.empty()) names += ';';
    names += name;
  }
  return names;
}

std::string date_of(const SigningScope& scope) { return amz_date(scope.time).substr(0, 8); }

std::string credential_scope(const SigningScope& scope) {
  std::string text = date_of(scope);
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service), kScopeEnd}) {
    text += '/';
    text += part;
  }
  return text;
}

using SigningKey = std::array<std::byte, 32>;

SigningKey signing_key(const Secret& secret, const SigningScope& scope) {
  std::string first = "AWS4";
  first.reserve(first.size() + secret.text().size());  // no copy of the secret is left behind
  first += secret.text();
  SigningKey key = hmac_sha256(as_bytes(first), as_bytes(date_of(scope)));
  wipe(first.data(), first.size());
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service), kScopeEnd}) {
    key = hmac_sha256(key, as_bytes(part));
  }
  return key;
}

}  // namespace

std::string uri_encode(std::string_view text, bool keep_slashes) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || (c == '/' && keep_slashes)) {
      encoded += c;
      continue;
    }
    const auto value = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[value >> 4U];
    encoded += kDigits[value & 15U];
  }
  return encoded;
}

std::string canonical_query(const QueryParameters& parameters) {
  QueryParameters encoded;
  encoded.reserve(parameters.size());
  for (const auto& [name, value] : parameters) {
    encoded.emplace_back(uri_encode(name, false), uri_encode(value, false));
  }
  std::ranges::sort(encoded);
  std::string query;
  for (const auto& [name, value] : encoded) {
    if (!query.empty()) query += '&';
    query += name;
    query += '=';
    query += value;
  }
  return query;
}

std::string canonical_request(const RequestToSign& request) {
  std::string text = request.method + "\n" + request.path + "\n" + request.query + "\n";
  for (const auto& [name, value] : canonical_headers(request.headers)) {
    text += name;
    text += ':';
    text += value;
    text += '\n';
  }
  text += "\n" + signed_headers(request.headers) + "\n" + request.payload_hash;
  return text;
}

std::string string_to_sign(const RequestToSign& request, const SigningScope& scope) {
  std::string text(kAlgorithm);
  text += "\n" + amz_date(scope.time) + "\n" + credential_scope(scope) + "\n";
  text += sha256(as_bytes(canonical_request(request))).hex();
  return text;
}

std::string authorization(const RequestToSign& request, const SigningScope& scope,
                          const S3Credentials& credentials) {
  SigningKey key = signing_key(credentials.secret_key, scope);
  const std::string signature = to_hex(hmac_sha256(key, as_bytes(string_to_sign(request, scope))));
  wipe(key.data(), key.size());
  std::string text(kAlgorithm);
  text += " Credential=" + credentials.access_key + "/" + credential_scope(scope);
  text += ", SignedHeaders=" + signed_headers(request.headers);
  text += ", Signature=" + signature;
  return text;
}

}  // namespace medsave
