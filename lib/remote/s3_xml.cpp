#include "s3_xml.hpp"

#include "percent.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <pugixml.hpp>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string_view>

namespace medsave {
namespace {

constexpr const char* kNamespace = "http://s3.amazonaws.com/doc/2006-03-01/";

[[noreturn]] void refuse(const std::string& reason) {
  throw Error(Errc::corrupt,
              format_text(_("what came is not the listing of an S3 store ({}); is there a proxy in "
                            "between?"),
                          reason));
}

/// False where `document` is no XML. pugixml knows no external entities and expands none but
/// XML's own five.
bool parse(ByteView document, pugi::xml_document& parsed) {
  return static_cast<bool>(parsed.load_buffer(document.data(), document.size(), pugi::parse_default,
                                              pugi::encoding_utf8));
}

std::uint64_t decode_size(std::string_view text) {
  std::uint64_t size = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc{} || stop != text.data() + text.size()) refuse(_("a size is no number"));
  return size;
}

std::string written(const pugi::xml_document& document) {
  std::ostringstream out;
  document.save(out, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return out.str();
}

pugi::xml_node new_root(pugi::xml_document& document, const char* name) {
  pugi::xml_node root = document.append_child(name);
  root.append_attribute("xmlns").set_value(kNamespace);
  return root;
}

void append_text(pugi::xml_node& parent, const char* name, const std::string& text) {
  parent.append_child(name).text().set(text.c_str());
}

}  // namespace

S3Listing decode_s3_listing(ByteView document, bool version_1) {
  pugi::xml_document parsed;
  if (!parse(document, parsed)) refuse(_("no XML"));
  const pugi::xml_node root = parsed.child("ListBucketResult");
  if (!root) refuse(_("another document"));
  const bool encoded = std::string_view(root.child_value("EncodingType")) == "url";
  S3Listing listing;
  for (const pugi::xml_node entry : root.children("Contents")) {
    S3Object object{.key = entry.child_value("Key"),
                    .size = decode_size(entry.child_value("Size"))};
    if (encoded) {
      std::ranges::replace(object.key, '+', ' ');  // Amazon's way; a real "+" is %2B everywhere
      const std::optional<std::string> key = percent_decode(object.key);
      if (!key) refuse(_("a key is not encoded as announced"));
      object.key = *key;
    }
    listing.objects.push_back(std::move(object));
  }
  const std::string_view truncated = root.child_value("IsTruncated");
  if (truncated != "true" && truncated != "false") refuse(_("it does not say whether it goes on"));
  if (truncated == "true") {
    listing.next_token = root.child_value("NextContinuationToken");
    if (version_1 && !listing.objects.empty()) listing.next_token = listing.objects.back().key;
    if (listing.next_token.empty()) refuse(_("it does not say where it goes on"));
  }
  return listing;
}

S3Refusal decode_s3_refusal(ByteView document) {
  pugi::xml_document parsed;
  if (!parse(document, parsed)) return {};
  const pugi::xml_node root = parsed.child("Error");
  return {.code = root.child_value("Code"),
          .message = root.child_value("Message"),
          .region = root.child_value("Region"),
          .endpoint = root.child_value("Endpoint"),
          .server_time = root.child_value("ServerTime")};
}

StsSession decode_sts_session(ByteView document) {
  pugi::xml_document parsed;
  const bool is_xml = parse(document, parsed);
  const pugi::xml_node granted =
      parsed.child("AssumeRoleResponse").child("AssumeRoleResult").child("Credentials");
  StsSession session{.expiration = granted.child_value("Expiration")};
  session.credentials.access_key = granted.child_value("AccessKeyId");
  session.credentials.secret_key = Secret(granted.child_value("SecretAccessKey"));
  session.credentials.session_token = Secret(granted.child_value("SessionToken"));
  if (!is_xml || session.credentials.access_key.empty() || session.credentials.secret_key.empty() ||
      session.credentials.session_token.empty()) {
    throw Error(Errc::corrupt,
                _("what came are not the credentials of a role; is the address of the security "
                  "token service right?"));
  }
  return session;
}

S3Refusal decode_sts_refusal(ByteView document) {
  pugi::xml_document parsed;
  if (!parse(document, parsed)) return {};
  const pugi::xml_node error = parsed.child("ErrorResponse").child("Error");
  return {.code = error.child_value("Code"), .message = error.child_value("Message")};
}

std::string encode_s3_location(const std::string& region) {
  pugi::xml_document document;
  pugi::xml_node root = new_root(document, "CreateBucketConfiguration");
  append_text(root, "LocationConstraint", region);
  return written(document);
}

std::string encode_s3_retention(const std::string& mode, const std::string& until) {
  pugi::xml_document document;
  pugi::xml_node root = new_root(document, "Retention");
  append_text(root, "Mode", mode);
  append_text(root, "RetainUntilDate", until);
  return written(document);
}

}  // namespace medsave
