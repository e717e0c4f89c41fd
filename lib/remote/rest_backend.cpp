#include "medsave/remote/rest_backend.hpp"

#include "connections_option.hpp"
#include "http_client.hpp"
#include "http_text.hpp"
#include "opening.hpp"
#include "rest_backend.hpp"
#include "rest_listing.hpp"
#include "rest_refusal.hpp"

#include "medsave/backend/checks.hpp"
#include "medsave/backend/file_layout.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/random.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/host.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <mutex>
#include <string_view>
#include <utility>

namespace medsave {
namespace {

constexpr FileRef kConfig = {.kind = FileKind::config, .id = {}};
constexpr unsigned kDefaultConnections = 5;
constexpr std::uint64_t kMaxReply = 64 * 1024;  // to what asks for no content
// A proxy must not answer from its memory: prune deletes what a list of some time ago does not
// need.
constexpr const char* kNotFromMemory = "Cache-Control: no-cache";
constexpr std::uint64_t kMaxListing = 1ULL << 30U;          // about ten million files
constexpr std::uint64_t kMaxWholeForRange = 256ULL << 20U;  // of a server that knows no ranges

class RestBackend : public Backend {
 public:
  RestBackend(RestAddress address, unsigned connections, const RemoteOptions& options,
              std::shared_ptr<StoredFiles> stored);

  [[nodiscard]] std::string location() const override { return shown_; }
  [[nodiscard]] unsigned connections() const override { return client_.connections(); }
  void create() override;
  void save(const FileRef& file, Buffer&& data) override;
  void barrier() override { stored_->confirm(*this); }
  void load(const FileRef& file, std::uint64_t limit, Buffer& out) override;
  void load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                  Buffer& out) override;
  std::optional<std::uint64_t> size(const FileRef& file) override;
  std::vector<ListedFile> list(FileKind kind) override;
  [[nodiscard]] bool list_proves_names() const override { return false; }
  Opening load_opening() override { return load_opening_at_once(*this); }
  void remove(const FileRef& file) override;
  std::uint64_t remove_leftovers() override { return 0; }  // servers keep none visible
  bool can_delete() override;
  [[nodiscard]] Traffic traffic() const override { return client_.traffic(); }

 private:
  /// To the question what files there are.
  struct Answer {
    HttpResponse response;
    RestListingReader reader;  // has read the body of a success
  };
  [[nodiscard]] std::string url_of(const FileRef& file) const;
  bool config_is_ours(const Buffer& data);
  void post(const FileRef& file, const Buffer& data);
  void verify_stored(const FileRef& file, std::uint64_t bytes);
  void accept_present(const FileRef& file, std::uint64_t bytes, const HttpResponse& response);
  [[noreturn]] void throw_contradiction(const FileRef& file) const;
  void require_missing(const FileRef& file, const HttpResponse& response);
  [[noreturn]] void refuse_missing(const FileRef& file, const HttpResponse& response);
  HttpResponse ask(const char* method, std::string url, std::uint64_t limit,
                   std::vector<std::string> headers = {});
  Answer get_listing(FileKind kind);
  RestListing read_listing(FileKind kind, Answer answer) const;
  std::vector<ListedFile> with_sizes(FileKind kind, const RestListing& listing);
  bool is_new();
  void require_never_stored(FileKind kind, const HttpResponse& response);
  void require_repository(FileKind kind);

  const std::string shown_;
  const FileLayout layout_;  // of URLs
  const RestRefusal refusal_;
  const std::shared_ptr<StoredFiles> stored_;
  HttpClient client_;
  std::atomic<bool> config_was_sent_ = false;
  std::atomic<bool> config_seen_ = false;
  std::mutex mutex_;                // guards can_delete_
  std::optional<bool> can_delete_;  // once the server was asked
};

HttpServer server_for(RestAddress& address, unsigned connections,
                      const std::shared_ptr<StoredFiles>& stored) {
  return {.user = std::move(address.user),
          .password = std::move(address.password),
          .unix_socket = std::move(address.unix_socket),
          .connections = connections,
          .on_break = [stored] { stored->doubt(); }};
}

RestBackend::RestBackend(RestAddress address, unsigned connections, const RemoteOptions& options,
                         std::shared_ptr<StoredFiles> stored)
    : shown_(address.shown),
      layout_(address.url),
      refusal_(address.shown, !address.user.empty()),
      stored_(std::move(stored)),
      client_(server_for(address, connections, stored_), options) {}

std::string RestBackend::url_of(const FileRef& file) const {
  if (file.kind == FileKind::config) return layout_.path_of(file);
  return layout_.folder_of(file.kind) + "/" + file.id.hex();  // packs too: the 256 are its business
}

void RestBackend::create() {
  const HttpResponse response = client_.perform({.method = "POST",
                                                 .url = layout_.root() + "/?create=true",
                                                 .headers = {},
                                                 .body = {},
                                                 .limit = kMaxReply});
  if (response.status < 200 || response.status >= 300) {
    refusal_.throw_status(_("making the repository"), response);
  }
  refusal_.require_no_page(_("making the repository"), response);
}

/// Whether the config there is the one we sent, in a request whose answer was lost.
bool RestBackend::config_is_ours(const Buffer& data) {
  if (!config_was_sent_) return false;
  Buffer stored;
  load(kConfig, std::max<std::uint64_t>(data.size(), kMaxReply), stored);
  return std::ranges::equal(stored.view(), data.view());
}

void RestBackend::save(const FileRef& file, Buffer&& data) {
  // Not every server refuses a second config: rclone 1.60 overwrites it.
  if (file.kind == FileKind::config && size(file)) {
    if (config_is_ours(data)) return;
    throw_present(file, shown_);
  }
  if (needs_others(file.kind)) stored_->confirm(*this);
  post(file, data);
  if (file.kind == FileKind::lock) return;
  verify_stored(file, data.size());
  stored_->note(file, data.size());
}

void RestBackend::post(const FileRef& file, const Buffer& data) {
  if (file.kind == FileKind::config) config_was_sent_ = true;
  const HttpResponse response =
      client_.perform({.method = "POST",
                       .url = url_of(file),
                       .headers = {"Content-Type: application/octet-stream"},
                       .body = data.view(),
                       .limit = kMaxReply});
  if (response.status >= 200 && response.status < 300) {
    refusal_.require_no_page(describe(file), response);
    if (file.kind == FileKind::config) config_seen_ = true;
    return;
  }
  if (response.status == 403) {
    accept_present(file, data.size(), response);
    return;
  }
  const std::string said = printable(as_text(response.body.view()));
  if (response.status == 400 && said.find("HTTPS") == std::string::npos) {
    // The content did not arrive as its name promises.
    throw Error(Errc::io, format_text(_("{}: {} did not accept the content: {}"), describe(file),
                                      shown_, said));
  }
  refusal_.throw_status(describe(file), response);
}

/// The server refused a file: fine if it has it already.
void RestBackend::accept_present(const FileRef& file, std::uint64_t bytes,
                                 const HttpResponse& response) {
  const std::optional<std::uint64_t> present = size(file);
  if (!present) refusal_.throw_status(describe(file), response);
  if (file.kind == FileKind::config) throw_present(file, shown_);
  if (*present == bytes) return;
  throw Error(Errc::corrupt,
              format_text(_("{}: {} has a file of this name with {} bytes instead of {}; \"medsave "
                            "check --read-data\" tells what else is damaged"),
                          describe(file), shown_, *present, bytes));
}

void RestBackend::throw_contradiction(const FileRef& file) const {
  throw Error(Errc::io, format_text(_("{}: the server contradicts itself: it says that the file is "
                                      "not there, and knows it nevertheless; it seems to reach {} "
                                      "only in part"),
                                    describe(file), shown_));
}

/// Called after "not found" for a file, which rclone answers to any failure. Throws if rclone lists
/// the file all the same.
void RestBackend::require_missing(const FileRef& file, const HttpResponse& response) {
  // Packs are many, and a listing of them for each would take long.
  if (!is_rclone(response) || file.kind == FileKind::pack || file.kind == FileKind::config) return;
  Answer listing = get_listing(file.kind);
  if (listing.response.status == 404) return;
  const std::vector<ListedFile> listed = read_listing(file.kind, std::move(listing)).files;
  if (std::ranges::find(listed, file.id, &ListedFile::id) != listed.end())
    throw_contradiction(file);
}

/// Reading was answered with "not found": whether the file is there can be asked in another way,
/// too. No list names the config, but where there is an index, there must be one.
void RestBackend::refuse_missing(const FileRef& file, const HttpResponse& response) {
  if (size(file)) throw_contradiction(file);
  if (file.kind == FileKind::config && is_rclone(response)) {
    Answer index = get_listing(FileKind::index);
    if (index.response.status == 200 &&
        !read_listing(FileKind::index, std::move(index)).files.empty()) {
      throw_contradiction(file);
    }
  }
  throw_missing(file, shown_);
}

/// Servers acknowledge what they did not store (a full disk behind rclone, a proxy).
void RestBackend::verify_stored(const FileRef& file, std::uint64_t bytes) {
  const std::optional<std::uint64_t> stored = size(file);
  if (stored == bytes) return;
  try {
    remove(file);
  } catch (const Error&) {  // the size is what matters
  }
  throw Error(Errc::io, format_text(_("{}: {} stored {} bytes instead of {}"), describe(file),
                                    shown_, stored.value_or(0), bytes));
}

/// A request that changes nothing.
HttpResponse RestBackend::ask(const char* method, std::string url, std::uint64_t limit,
                              std::vector<std::string> headers) {
  headers.emplace_back(kNotFromMemory);
  return client_.perform({.method = method,
                          .url = std::move(url),
                          .headers = std::move(headers),
                          .body = {},
                          .limit = limit});
}

void RestBackend::load(const FileRef& file, std::uint64_t limit, Buffer& out) {
  HttpResponse response;
  try {
    response = ask("GET", url_of(file), limit);
  } catch (const Error& e) {
    if (e.code() != Errc::corrupt) throw;
    throw e.with_context(describe(file));
  }
  if (response.status == 404) refuse_missing(file, response);
  if (response.status != 200) refusal_.throw_status(describe(file), response);
  refusal_.require_no_page(describe(file), response);
  if (file.kind == FileKind::config) config_seen_ = true;
  out = std::move(response.body);
}

void RestBackend::load_range(const FileRef& file, std::uint64_t offset, std::size_t length,
                             Buffer& out) {
  out.clear();
  if (length == 0) return;
  const std::string range = format_text("{}-{}", offset, offset + length - 1);
  HttpResponse response =
      ask("GET", url_of(file), std::max<std::uint64_t>(length, kMaxWholeForRange),
          {"Range: bytes=" + range});
  if (response.status == 404) refuse_missing(file, response);
  if (response.status == 416) require_whole(file, offset, length, 0);
  if (response.status != 200 && response.status != 206)
    refusal_.throw_status(describe(file), response);
  refusal_.require_no_page(describe(file), response);
  Buffer& body = response.body;
  if (response.status == 200) {  // it knows no ranges
    const std::uint64_t start = std::min<std::uint64_t>(offset, body.size());
    const ByteView rest = body.view().subspan(static_cast<std::size_t>(start));
    require_whole(file, offset, length, std::min(length, rest.size()));
    out.append(rest.first(length));
    return;
  }
  const std::string& sent = response.headers["content-range"];
  if (body.size() > length || !is_part(sent, offset, length, body.size())) {
    throw Error(Errc::io,
                format_text(_("{}: {} sent {} bytes ({}) instead of {} ({})"), describe(file),
                            shown_, body.size(), printable(sent), length, range));
  }
  require_whole(file, offset, length, body.size());
  out = std::move(body);
}

std::optional<std::uint64_t> RestBackend::size(const FileRef& file) {
  HttpResponse response = ask("HEAD", url_of(file), 0);
  if (response.status == 404) {
    require_missing(file, response);
    return std::nullopt;
  }
  if (response.status != 200) refusal_.throw_status(describe(file), response);
  refusal_.require_no_page(describe(file), response);
  if (file.kind == FileKind::config) config_seen_ = true;
  const std::string& text = response.headers["content-length"];
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
    throw Error(Errc::unsupported,
                format_text(_("{}: {} does not tell the size; is it a restic REST server?"),
                            describe(file), shown_));
  }
  return bytes;
}

RestBackend::Answer RestBackend::get_listing(FileKind kind) {
  Answer answer{.response = {}, .reader = RestListingReader(shown_)};
  HttpRequest request = {.url = layout_.folder_of(kind) + "/",
                         .headers = {"Accept: application/vnd.x.restic.rest.v2", kNotFromMemory},
                         .limit = kMaxListing};
  request.take = [&answer](ByteView piece) { answer.reader.take(piece); };
  request.ends_at_stop = true;
  try {
    answer.response = client_.perform(request);
    return answer;
  } catch (const Error& e) {
    if (e.code() != Errc::corrupt) throw;
    throw e.with_context(format_text(_("listing files of the kind \"{}\""), file_kind_name(kind)));
  }
}

RestListing RestBackend::read_listing(FileKind kind, Answer answer) const {
  const std::string what = format_text(_("listing files of the kind \"{}\""), file_kind_name(kind));
  if (answer.response.status != 200) refusal_.throw_status(what, answer.response);
  refusal_.require_no_page(what, answer.response);
  RestListing listing = answer.reader.finish();
  for (const std::string& name : listing.near_ids) {
    refuse_upper_case(kind, name, layout_.folder_of(kind));
  }
  return listing;
}

/// Whether nothing was ever stored, on a server that has no empty folders: the folders for index
/// files, snapshots and packs are missing, but there are keys.
bool RestBackend::is_new() {
  for (const FileKind kind : {FileKind::index, FileKind::snapshot, FileKind::pack}) {
    if (get_listing(kind).response.status != 404) return false;
  }
  Answer keys = get_listing(FileKind::key);
  return keys.response.status == 200 && !read_listing(FileKind::key, std::move(keys)).files.empty();
}

/// Called after "not found" for a listing. It is believed only where nothing was ever stored: a
/// failing server would look empty, and what others need would be deleted.
void RestBackend::require_never_stored(FileKind kind, const HttpResponse& response) {
  const std::string what = format_text(_("listing files of the kind \"{}\""), file_kind_name(kind));
  if (is_rclone(response)) {
    throw Error(Errc::io,
                format_text(_("{}: rclone could not list them at {} (status 404)"), what, shown_));
  }
  if (kind == FileKind::lock) return;
  if (!config_seen_ && !size(kConfig)) return;
  if (kind != FileKind::key && is_new()) return;
  throw Error(Errc::io,
              format_text(_("{}: {} says that there are none (status 404), although a repository "
                            "is there. Is a drive of the server not connected, or a folder of the "
                            "repository missing there?"),
                          what, shown_));
}

/// An rclone whose remote is gone lists nothing, too; but a repository has keys.
void RestBackend::require_repository(FileKind kind) {
  if (!config_seen_ || kind == FileKind::key || kind == FileKind::lock) return;
  if (!read_listing(FileKind::key, get_listing(FileKind::key)).files.empty()) return;
  throw Error(Errc::io, format_text(_("{}: the repository has vanished, not even its keys are "
                                      "there; is its drive still connected?"),
                                    shown_));
}

std::vector<ListedFile> RestBackend::list(FileKind kind) {
  Answer answer = get_listing(kind);
  if (answer.response.status == 404) {
    require_never_stored(kind, answer.response);
    return {};
  }
  const bool from_rclone = is_rclone(answer.response);
  RestListing listing = read_listing(kind, std::move(answer));
  if (listing.files.empty() && from_rclone) require_repository(kind);
  if (listing.has_sizes) return std::move(listing.files);
  return with_sizes(kind, listing);
}

/// Asks for the size of every file.
std::vector<ListedFile> RestBackend::with_sizes(FileKind kind, const RestListing& listing) {
  std::vector<ListedFile> present;
  std::vector<Id> missing;
  for (const ListedFile& file : listing.files) {
    const std::optional<std::uint64_t> bytes = size({.kind = kind, .id = file.id});
    if (bytes) {
      present.push_back({.id = file.id, .size = *bytes});
    } else {
      missing.push_back(file.id);
    }
  }
  if (missing.empty()) return present;
  // Deleted meanwhile, or the server failed.
  const RestListing again = read_listing(kind, get_listing(kind));
  for (const Id& id : missing) {
    if (std::ranges::find(again.files, id, &ListedFile::id) == again.files.end()) continue;
    throw Error(Errc::io, format_text(_("{}: {} lists it, but does not tell its size"),
                                      describe({.kind = kind, .id = id}), shown_));
  }
  return present;
}

void RestBackend::remove(const FileRef& file) {
  stored_->forget(file);
  const HttpResponse response = client_.perform(
      {.method = "DELETE", .url = url_of(file), .headers = {}, .body = {}, .limit = kMaxReply});
  if (response.status == 404) {
    if (is_rclone(response) && size(file)) throw_contradiction(file);
    return;
  }
  if (response.status >= 200 && response.status < 300) return;
  // An append-only server refuses to delete what it does not have, too.
  if (response.status == 403 && !size(file)) return;
  refusal_.throw_status(format_text(_("deleting {}"), describe(file)), response);
}

bool RestBackend::can_delete() {
  const std::lock_guard lock(mutex_);
  if (can_delete_) return *can_delete_;
  FileRef nothing{.kind = FileKind::pack, .id = {}};
  system_random().fill(nothing.id.bytes());
  const HttpResponse response = client_.perform(
      {.method = "DELETE", .url = url_of(nothing), .headers = {}, .body = {}, .limit = kMaxReply});
  const int status = response.status;
  const bool refused = status == 401 || status == 403 || status == 405;
  if (!refused && status != 404 && (status < 200 || status >= 300)) {
    refusal_.throw_status(_("asking whether files can be deleted"), response);
  }
  can_delete_ = !refused;
  return *can_delete_;
}

std::string from_environment(const std::string& name) {
  const std::string own = environment(("MEDSAVE_" + name).c_str()).value_or("");
  return own.empty() ? environment(("RESTIC_" + name).c_str()).value_or("") : own;
}

}  // namespace

std::unique_ptr<Backend> connect_rest(RestAddress address, unsigned connections,
                                      const RemoteOptions& options,
                                      std::shared_ptr<StoredFiles> stored) {
  return std::make_unique<RestBackend>(std::move(address), connections, options, std::move(stored));
}

std::unique_ptr<Backend> make_rest_backend(const std::string& address,
                                           const RemoteOptions& options) {
  RestAddress parsed = parse_rest_address(address);
  parsed.shown.insert(0, "rest:");
  if (parsed.user.empty() && parsed.password.empty()) {
    parsed.user = from_environment("REST_USERNAME");
    parsed.password = from_environment("REST_PASSWORD");
  }
  return connect_rest(std::move(parsed), connections_option(options, "rest.connections"), options,
                      std::make_shared<StoredFiles>());
}

}  // namespace medsave
