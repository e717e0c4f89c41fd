#include "medsave/remote/s3_backend.hpp"

#include "http_text.hpp"
#include "listed_files.hpp"
#include "opening.hpp"
#include "s3_client.hpp"
#include "s3_credentials.hpp"
#include "s3_error.hpp"
#include "s3_options.hpp"
#include "s3_retention.hpp"
#include "s3_time.hpp"
#include "s3_xml.hpp"
#include "stored_files.hpp"

#include "medsave/backend/checks.hpp"
#include "medsave/backend/file_layout.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/random.hpp"
#include "medsave/base/text.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/sys/host.hpp"

#include <atomic>
#include <charconv>
#include <mutex>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace medsave {
namespace {

constexpr std::uint64_t kMaxListing = 8U << 20U;  // bytes; 1000 keys of 1024 encoded bytes and more
constexpr unsigned kMostBarePages = 1000;  // of a listing that goes on without naming files of ours
constexpr std::size_t kMostPages = 1'000'000;  // stores send up to 1000 files with each

class S3Backend : public Backend {
 public:
  S3Backend(S3Settings settings, S3ClientSettings client, S3Credentials credentials,
            std::optional<S3Role> role, const RemoteOptions& options)
      : settings_(std::move(settings)),
        layout_(settings_.prefix),
        client_(std::move(client), std::move(credentials), std::move(role), options, system_clock(),
                [this] { stored_.doubt(); }) {}

  [[nodiscard]] std::string location() const override { return settings_.shown; }
  [[nodiscard]] unsigned connections() const override { return client_.connections(); }
  void create() override;
  void save(const FileRef& file, Buffer&& data) override;
  void barrier() override { stored_.confirm(*this); }
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override;
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override;
  std::optional<std::uint64_t> size(const FileRef& file) override;
  std::vector<ListedFile> list(FileKind kind) override;
  Opening load_opening() override { return load_opening_at_once(*this); }
  void remove(const FileRef& file) override;
  void replace_config(Buffer data) override;
  std::uint64_t remove_leftovers() override { return 0; }  // a store has no half objects
  bool can_delete() override;
  bool retain(const FileRef& file) override;
  [[nodiscard]] Traffic traffic() const override { return client_.traffic(); }

 private:
  [[nodiscard]] std::string key_of(const FileRef& file) const;
  HttpResponse request(std::string method, const FileRef& file);
  HttpResponse list_page(const std::string& prefix, const std::string& token);
  void create_bucket();
  [[nodiscard]] const S3Retention* retention_of(const FileRef& file) const;
  HttpResponse put_if_missing(const S3Request& sending, const FileRef& file);
  void put(const FileRef& file, const Buffer& data, bool only_if_missing);
  [[noreturn]] void refuse_put(const FileRef& file, const HttpResponse& response) const;
  void verify(const FileRef& file, std::uint64_t stored, Timestamp until);
  void require_protection(const FileRef& file, const HttpResponse& response,
                          const S3Retention& retention, Timestamp until) const;
  void extend(const FileRef& file, const S3Retention& retention, Timestamp until);
  [[noreturn]] void throw_not_retained(const FileRef& file) const;
  [[nodiscard]] std::optional<Id> id_in_key(FileKind kind, std::string_view key) const;

  const S3Settings settings_;
  const FileLayout layout_;
  StoredFiles stored_;
  S3Client client_;
  std::mutex mutex_;  // guards can_delete_
  std::optional<bool> can_delete_;
  std::atomic<bool> extension_works_ = false;  // it was read back once
};

/// Keys start without a slash.
std::string without_slash(std::string path) {
  if (path.starts_with('/')) path.erase(0, 1);
  return path;
}

std::uint64_t content_length(const HttpResponse& response, const FileRef& file) {
  const std::string text = header_of(response, "content-length");
  std::uint64_t length = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || error != std::errc{} || stop != text.data() + text.size()) {
    throw Error(Errc::io, format_text(_("{}: the store does not say how long it is; is there a "
                                        "proxy in between?"),
                                      describe(file)));
  }
  return length;
}

std::string S3Backend::key_of(const FileRef& file) const {
  return without_slash(layout_.path_of(file));
}

HttpResponse S3Backend::request(std::string method, const FileRef& file) {
  return client_.perform({.method = std::move(method), .key = key_of(file)});
}

// --- making the bucket ---

HttpResponse S3Backend::list_page(const std::string& prefix, const std::string& token) {
  S3Request page{.query = {{"prefix", prefix}, {"encoding-type", "url"}},
                 .limit = kMaxListing,
                 .ends_at_stop = true};
  if (!settings_.list_version_1) page.query.emplace_back("list-type", "2");
  if (!token.empty()) {
    page.query.emplace_back(settings_.list_version_1 ? "marker" : "continuation-token", token);
  }
  return client_.perform(page);
}

void S3Backend::create() {
  const std::string what = format_text(_("bucket {}"), client_.bucket());
  const HttpResponse response = list_page(key_of({.kind = FileKind::config}), "");
  if (response.status == 200) {
    decode_s3_listing(response.body.view(), settings_.list_version_1);
    return;
  }
  const std::string code = s3_code(response);
  if (code == "AccessDenied") return;  // these credentials may store but perhaps not list
  if (code != "NoSuchBucket") client_.refuse(response, what);
  create_bucket();
}

void S3Backend::create_bucket() {
  const std::string what = format_text(_("making the bucket {}"), client_.bucket());
  S3Request put{.method = "PUT"};
  if (settings_.retention) put.headers.emplace_back("x-amz-bucket-object-lock-enabled: true");
  const std::string region = client_.region();
  const std::string location = region == kDefaultRegion ? "" : encode_s3_location(region);
  put.body = as_bytes(location);
  HttpResponse response = client_.perform(put);
  if (s3_code(response) == "InvalidLocationConstraint" && !location.empty()) {
    put.body = {};  // the store has one region; ask without a location
    response = client_.perform(put);
  }
  if (response.status == 200 || s3_code(response) == "BucketAlreadyOwnedByYou") return;
  if (response.status == 409) {
    throw Error(
        Errc::permission,
        format_text(_("{}: somebody else has a bucket of this name; choose another"), what));
  }
  client_.refuse(response, what);
}

// --- storing ---

/// Null where the file needs no protection.
const S3Retention* S3Backend::retention_of(const FileRef& file) const {
  if (!settings_.retention || file.kind == FileKind::lock) return nullptr;
  return &*settings_.retention;
}

/// Stores it only where there is none: by the store itself if it can do that at once.
HttpResponse S3Backend::put_if_missing(const S3Request& sending, const FileRef& file) {
  // Some stores ignore the condition.
  if (size(file)) throw_present(file, location());
  S3Request conditional = sending;
  conditional.headers.emplace_back("If-None-Match: *");
  HttpResponse response = client_.perform(conditional);
  if (response.status == 412) throw_present(file, location());
  return response.status == 501 ? client_.perform(sending) : std::move(response);
}

void S3Backend::put(const FileRef& file, const Buffer& data, bool only_if_missing) {
  S3Request sending{.method = "PUT",
                    .key = key_of(file),
                    .headers = {"Content-Type: application/octet-stream"},
                    .body = data.view()};
  if (!settings_.storage_class.empty() && file.kind != FileKind::lock) {
    sending.headers.push_back("x-amz-storage-class: " + settings_.storage_class);
  }
  Timestamp until;
  if (const S3Retention* retention = retention_of(file)) {
    until = granted_until(*retention, client_.now());
    for (std::string& header : retention_headers(*retention, until, data.view())) {
      sending.headers.push_back(std::move(header));
    }
  }
  const HttpResponse response =
      only_if_missing ? put_if_missing(sending, file) : client_.perform(sending);
  if (response.status != 200) refuse_put(file, response);
  if (file.kind != FileKind::lock) verify(file, data.size(), until);
}

/// A store without object lock, or a bucket without, says little.
void S3Backend::refuse_put(const FileRef& file, const HttpResponse& response) const {
  const bool about_lock = response.status == 501 || s3_code(response) == "InvalidRequest";
  if (retention_of(file) != nullptr && about_lock) throw_not_retained(file);
  client_.refuse(response, describe(file));
}

/// Asks the store for what it has just stored: an answer is no proof.
void S3Backend::verify(const FileRef& file, std::uint64_t stored, Timestamp until) {
  const HttpResponse response = request("HEAD", file);
  if (response.status == 404) {
    throw Error(Errc::io,
                format_text(_("{}: the store took it, but does not have it"), describe(file)));
  }
  if (response.status != 200) client_.refuse(response, describe(file));
  if (const std::uint64_t there = content_length(response, file); there != stored) {
    throw Error(Errc::io,
                format_text(_("{}: the store has {} bytes of {}"), describe(file), there, stored));
  }
  if (const S3Retention* retention = retention_of(file)) {
    require_protection(file, response, *retention, until);
  }
}

void S3Backend::require_protection(const FileRef& file, const HttpResponse& response,
                                   const S3Retention& retention, Timestamp until) const {
  const std::optional<S3Protection> found = protection_of(response);
  if (!found || !protects(*found, retention, until)) throw_not_retained(file);
}

void S3Backend::throw_not_retained(const FileRef& file) const {
  throw Error(Errc::unsupported,
              format_text(_("{}: the store does not protect it against deletion as "
                            "--retention-lock asks for; the bucket {} must be made with object "
                            "lock (\"medsave init --retention-lock\" makes one, where the store "
                            "can do that), and the access key must be allowed to see and set "
                            "retention"),
                          describe(file), client_.bucket()));
}

void S3Backend::save(const FileRef& file, Buffer&& data) {
  if (needs_others(file.kind)) stored_.confirm(*this);
  put(file, data, file.kind == FileKind::config);
  stored_.note(file, data.size());
}

void S3Backend::replace_config(Buffer data) { put({.kind = FileKind::config}, data, false); }

bool S3Backend::retain(const FileRef& file) {
  const S3Retention* asked = retention_of(file);
  if (asked == nullptr) return false;
  const S3Retention& retention = *asked;
  const Timestamp now = client_.now();
  const HttpResponse response = request("HEAD", file);
  if (response.status == 404) throw_missing(file, location());
  if (response.status != 200) client_.refuse(response, describe(file));
  const std::optional<S3Protection> found = protection_of(response);
  if (found && protects(*found, retention, required_until(retention, now))) return false;
  const bool strict = found && found->mode == "COMPLIANCE";  // never weakened
  const S3Retention stored{.period = retention.period,
                           .mode = strict ? found->mode : retention.mode};
  extend(file, stored, granted_until(retention, now));
  return true;
}

void S3Backend::extend(const FileRef& file, const S3Retention& retention, Timestamp until) {
  const std::string body = encode_s3_retention(retention.mode, iso_date(until));
  const HttpResponse response = client_.perform({.method = "PUT",
                                                 .key = key_of(file),
                                                 .query = {{"retention", ""}},
                                                 .headers = {content_md5(as_bytes(body))},
                                                 .body = as_bytes(body)});
  if (response.status != 200) refuse_put(file, response);
  if (extension_works_) return;
  require_protection(file, request("HEAD", file), retention, until);
  extension_works_ = true;
}

// --- reading ---

void S3Backend::load(const FileRef& file, std::uint64_t limit, Buffer& out) {
  HttpResponse response = client_.perform({.key = key_of(file), .limit = limit});
  if (response.status == 404 && s3_code(response) != "NoSuchBucket") {
    throw_missing(file, location());
  }
  if (response.status != 200) client_.refuse(response, describe(file));
  require_within(file, response.body.size(), limit);
  out = std::move(response.body);
}

void S3Backend::load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                           Buffer& out) {
  out.clear();
  if (length == 0) {
    if (!size(file)) throw_missing(file, location());
    return;
  }
  const std::string range =
      "Range: bytes=" + std::to_string(offset) + "-" + std::to_string(offset + length - 1);
  HttpResponse response =
      client_.perform({.key = key_of(file), .headers = {range}, .limit = length});
  if (response.status == 404 && s3_code(response) != "NoSuchBucket") {
    throw_missing(file, location());
  }
  if (response.status == 416) require_whole(file, offset, length, 0);
  if (response.status == 200) {
    throw Error(Errc::unsupported, format_text(_("{}: the store does not give parts of files; is "
                                                 "there a proxy in between?"),
                                               describe(file)));
  }
  if (response.status != 206) client_.refuse(response, describe(file));
  if (const std::string sent = header_of(response, "content-range");
      !is_part(sent, offset, length, response.body.size())) {
    throw Error(Errc::io, format_text(_("{}: the store sent another part ({}) than was asked for"),
                                      describe(file), printable(sent)));
  }
  require_whole(file, offset, length, response.body.size());
  out = std::move(response.body);
}

std::optional<std::uint64_t> S3Backend::size(const FileRef& file) {
  const HttpResponse response = request("HEAD", file);
  if (response.status == 404) return std::nullopt;
  if (response.status != 200) client_.refuse(response, describe(file));
  return content_length(response, file);
}

std::optional<Id> S3Backend::id_in_key(FileKind kind, std::string_view key) const {
  const std::optional<Id> id = Id::parse(key.substr(key.find_last_of('/') + 1));
  if (!id || key != key_of({.kind = kind, .id = *id})) return std::nullopt;
  return id;
}

std::vector<ListedFile> S3Backend::list(FileKind kind) {
  const std::string prefix = without_slash(layout_.folder_of(kind) + "/");
  std::vector<ListedFile> files;
  std::unordered_set<Id> tokens;  // their hashes, as a token may have any length
  unsigned bare_pages = 0;        // in a row
  const bool begins_after_stop = settings_.stop.stop_requested();
  for (std::string token;;) {
    if (!begins_after_stop && settings_.stop.stop_requested()) throw Interrupted();
    const HttpResponse response = list_page(prefix, token);
    // A missing bucket is an empty list, unless it was there before.
    if (response.status != 200) {
      if (!client_.bucket_seen() && s3_code(response) == "NoSuchBucket") return {};
      client_.refuse(response,
                     format_text(_("listing files of the kind \"{}\""), file_kind_name(kind)));
    }
    S3Listing page = decode_s3_listing(response.body.view(), settings_.list_version_1);
    const std::size_t files_before = files.size();
    for (const S3Object& object : page.objects) {
      if (const std::optional<Id> id = id_in_key(kind, object.key)) {
        files.push_back({.id = *id, .size = object.size});
      } else if (object.key.starts_with(prefix)) {
        refuse_upper_case(kind, std::string_view(object.key).substr(prefix.size()), prefix);
      }
    }
    if (page.next_token.empty()) {
      make_unique_listing(files, location());
      return files;
    }
    bare_pages = files.size() == files_before ? bare_pages + 1 : 0;
    if (!tokens.insert(sha256(as_bytes(page.next_token))).second || bare_pages > kMostBarePages ||
        tokens.size() > kMostPages || files.size() > kMostListedFiles) {
      throw Error(Errc::corrupt,
                  format_text(_("the store's list of files of the kind \"{}\" does not end"),
                              file_kind_name(kind)));
    }
    token = std::move(page.next_token);
  }
}

// --- deleting ---

void S3Backend::remove(const FileRef& file) {
  stored_.forget(file);
  const HttpResponse response = request("DELETE", file);
  if (response.status == 404 && s3_code(response) != "NoSuchBucket") return;
  if (response.status != 204 && response.status != 200) {
    client_.refuse(response, describe(file));
  }
}

/// Deletes something that does not exist, which a store does only for who may delete.
bool S3Backend::can_delete() {
  const std::lock_guard lock(mutex_);
  if (can_delete_) return *can_delete_;
  FileRef nothing{.kind = FileKind::pack};
  system_random().fill(nothing.id.bytes());
  const HttpResponse response = request("DELETE", nothing);
  const std::string version = header_of(response, "x-amz-version-id");
  if (header_of(response, "x-amz-delete-marker") == "true" && !version.empty()) {
    // A store of versions notes the deletion; take the note away again, if that is allowed.
    client_.perform(
        {.method = "DELETE", .key = key_of(nothing), .query = {{"versionId", version}}});
  }
  const std::string code = s3_code(response);
  const bool refused = code == "AccessDenied" || response.status == 405;
  const bool done = response.status == 204 || response.status == 200 || response.status == 404;
  if (!refused && !done) client_.refuse(response, _("asking whether files can be deleted"));
  can_delete_ = done;
  return done;
}

}  // namespace

std::unique_ptr<Backend> make_s3_backend(const std::string& address, const RemoteOptions& options) {
  S3Connection to = parse_s3_connection(address, options);
  return std::make_unique<S3Backend>(std::move(to.settings), std::move(to.client),
                                     std::move(to.credentials), std::move(to.role), options);
}

}  // namespace medsave
