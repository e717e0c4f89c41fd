#include "sftp_files.hpp"

#include "stored_files.hpp"

#include "medsave/base/text.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace medsave {
namespace {

constexpr std::string_view kFsync = "fsync@openssh.com";
constexpr std::string_view kPosixRename = "posix-rename@openssh.com";
constexpr std::string_view kStatvfs = "statvfs@openssh.com";

Errc code_of(SftpCode code) {
  switch (code) {
    case SftpCode::no_such_file:
      return Errc::not_found;
    case SftpCode::permission_denied:
      return Errc::permission;
    case SftpCode::unsupported:
      return Errc::unsupported;
    default:
      return Errc::io;
  }
}

/// Keeps the first status of several requests that is not ok.
class Outcome {
 public:
  void note(const SftpReply& reply) { note(decode_sftp_status(reply)); }
  void note(SftpStatus status) {
    if (status.code != SftpCode::ok && !failure_) failure_ = std::move(status);
  }
  [[nodiscard]] bool failed() const { return failure_.has_value(); }
  void check(const std::string& path) const {
    if (failure_) throw sftp_status_error(*failure_, path);
  }

 private:
  std::optional<SftpStatus> failure_;
};

std::string open_file(SftpSession& session, const std::string& path, std::uint32_t flags,
                      const SftpAttributes& attributes) {
  Outcome outcome;
  std::string handle;
  session.request(
      SftpType::open, [&](SftpWriter& w) { w.text(path).number(flags).attributes(attributes); },
      [&](const SftpReply& reply) {
        if (reply.type == SftpType::handle) {
          handle = decode_sftp_handle(reply);
        } else {
          outcome.note(reply);
        }
      });
  session.finish();
  outcome.check(path);
  return handle;
}

void request_sync(SftpSession& session, const std::string& handle, Outcome& outcome) {
  if (!session.offers(kFsync)) return;
  session.request(
      SftpType::extended, [&](SftpWriter& w) { w.text(kFsync).text(handle); },
      [&outcome](const SftpReply& reply) {
        const SftpStatus status = decode_sftp_status(reply);
        if (!is_synced(status)) outcome.note(status);
      });
}

void request_writes(SftpSession& session, const std::string& handle, ByteView data,
                    Outcome& outcome) {
  const std::size_t whole = data.size();
  while (!data.empty() && !outcome.failed()) {
    const std::size_t offset = whole - data.size();
    const ByteView part = data.first(std::min(data.size(), session.write_length()));
    data = data.subspan(part.size());
    session.wait_for_room();
    session.request(
        SftpType::write, [&](SftpWriter& w) { w.text(handle).large_number(offset).bytes(part); },
        [&outcome](const SftpReply& reply) { outcome.note(reply); });
  }
}

void write_handle(SftpSession& session, const std::string& handle, ByteView data,
                  const SftpNewFile::Wanted& wanted, Outcome& outcome,
                  std::optional<std::uint64_t>& size) {
  constexpr std::uint32_t kOthers = 077;
  const auto note = [&outcome](const SftpReply& reply) { outcome.note(reply); };
  // The server's umask may have taken away what a group needs.
  if ((wanted.mode & kOthers) != 0) {
    session.request(
        SftpType::fsetstat,
        [&](SftpWriter& w) { w.text(handle).attributes({.mode = wanted.mode}); }, note);
  }
  request_writes(session, handle, data, outcome);
  if (wanted.durable) request_sync(session, handle, outcome);
  session.request(
      SftpType::fstat, [&](SftpWriter& w) { w.text(handle); },
      [&](const SftpReply& reply) {
        if (reply.type == SftpType::status) {
          outcome.note(reply);
        } else {
          size = decode_sftp_attributes(reply).size;
        }
      });
  session.request(
      SftpType::close, [&](SftpWriter& w) { w.text(handle); }, note);
  session.finish();
}

/// `out` is complete after session.finish() and has to last so long.
void request_stat(SftpSession& session, const std::string& path, SftpStat& out) {
  session.request(
      SftpType::stat, [&](SftpWriter& w) { w.text(path); },
      [&out](const SftpReply& reply) {
        if (reply.type == SftpType::attributes) {
          out.attributes = decode_sftp_attributes(reply);
        } else {
          out.status = decode_sftp_status(reply);
        }
      });
}

/// nullopt where there is no file; `otherwise` where the server does not say.
std::optional<std::uint64_t> size_in(const std::optional<SftpAttributes>& file,
                                     std::uint64_t otherwise) {
  if (!file) return std::nullopt;
  return file->size.value_or(otherwise);
}

}  // namespace

Error sftp_status_error(const SftpStatus& status, const std::string& path) {
  std::string words = status.message;
  if (words.empty()) {
    words = format_text(_("error {}"), static_cast<std::uint32_t>(status.code));
  }
  return {code_of(status.code), format_text(_("{}: the server says \"{}\""), path, words)};
}

std::vector<SftpStatus> ask_sftp(SftpSession& session, SftpType type, std::size_t count,
                                 const std::function<void(std::size_t, SftpWriter&)>& fill) {
  std::vector<SftpStatus> answers(count);
  for (std::size_t i = 0; i < count; ++i) {
    session.wait_for_room();
    session.request(
        type, [&](SftpWriter& w) { fill(i, w); },
        [&answers, i](const SftpReply& reply) { answers[i] = decode_sftp_status(reply); });
  }
  session.finish();
  return answers;
}

std::vector<SftpStat> stat_sftp_files(SftpSession& session, const std::vector<std::string>& paths) {
  std::vector<SftpStat> answers(paths.size());
  for (std::size_t i = 0; i < paths.size(); ++i) {
    session.wait_for_room();
    request_stat(session, paths[i], answers[i]);
  }
  session.finish();
  return answers;
}

std::optional<SftpAttributes> stat_sftp(SftpSession& session, const std::string& path) {
  const SftpStat answer = stat_sftp_files(session, {path}).front();
  if (!answer.attributes && answer.status.code != SftpCode::no_such_file) {
    throw sftp_status_error(answer.status, path);
  }
  return answer.attributes;
}

std::size_t remove_sftp_files(SftpSession& session, const std::vector<std::string>& paths) {
  const std::vector<SftpStatus> removed =
      ask_sftp(session, SftpType::remove, paths.size(),
               [&](std::size_t i, SftpWriter& w) { w.text(paths[i]); });
  std::size_t existed = 0;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (removed[i].code == SftpCode::ok) {
      ++existed;
    } else if (removed[i].code != SftpCode::no_such_file) {
      throw sftp_status_error(removed[i], paths[i]);
    }
  }
  return existed;
}

bool is_synced(const SftpStatus& status) {
  // OpenSSH translates EINVAL, which file systems without fsync for folders give, to bad_message.
  return status.code == SftpCode::ok || status.code == SftpCode::unsupported ||
         status.code == SftpCode::bad_message;
}

Error sftp_sync_error(const SftpStatus& status, const std::string& folder) {
  return {Errc::unreachable,
          format_text(_("the server could not make the folder {} durable (it says \"{}\"): what "
                        "was stored there just now may be lost, and nothing that needs it is "
                        "stored. Look at the server's disk, then run the command again."),
                      folder, status.message)};
}

SftpNewFile::SftpNewFile(SftpSession& session, const std::string& path, ByteView data,
                         const Wanted& wanted)
    : session_(session), path_(path), folder_(wanted.folder), size_(data.size()) {
  if (!wanted.folder.empty() && session.offers(kFsync)) {
    session.request(
        SftpType::open,
        [&](SftpWriter& w) { w.text(wanted.folder).number(sftp_open::kRead).attributes({}); },
        [this](const SftpReply& reply) {
          // Some servers do not open folders; then they cannot make their entries durable.
          if (reply.type == SftpType::handle) folder_handle_ = decode_sftp_handle(reply);
        });
  }
  constexpr std::uint32_t kFlags = sftp_open::kWrite | sftp_open::kCreate | sftp_open::kExclusive;
  try {
    write(data, open_file(session, path, kFlags, {.mode = wanted.mode}), wanted);
  } catch (...) {
    close_folder();
    throw;
  }
}

SftpNewFile::~SftpNewFile() {
  try {
    close_folder();
  } catch (...) {
    return;  // out of memory: the handle stays open until the session ends
  }
}

void SftpNewFile::close_folder() {
  if (folder_handle_.empty()) return;
  session_.forget(SftpType::close, [&](SftpWriter& w) { w.text(folder_handle_); });
  folder_handle_.clear();
}

void SftpNewFile::write(ByteView data, const std::string& handle, const Wanted& wanted) {
  Outcome outcome;
  std::optional<std::uint64_t> size;
  write_handle(session_, handle, data, wanted, outcome, size);
  const bool whole = !size || *size == data.size();
  if (!outcome.failed() && whole) return;
  remove();
  outcome.check(path_);
  throw Error(Errc::io,
              format_text(_("{}: the server kept {} of {} bytes"), path_, *size, data.size()));
}

void SftpNewFile::rename(const std::string& to, bool replace) {
  const bool posix = replace && can_replace_sftp(session_);
  Outcome outcome;
  SftpStatus synced;
  session_.request(
      posix ? SftpType::extended : SftpType::rename,
      [&](SftpWriter& w) {
        if (posix) w.text(kPosixRename);
        w.text(path_).text(to);
      },
      [&](const SftpReply& reply) { outcome.note(reply); });
  // Asked in the same round trip, because some servers report success and have no file.
  SftpStat there;
  request_stat(session_, to, there);
  if (!folder_handle_.empty()) {
    session_.request(
        SftpType::extended, [&](SftpWriter& w) { w.text(kFsync).text(folder_handle_); },
        [&synced](const SftpReply& reply) { synced = decode_sftp_status(reply); });
  }
  session_.finish();
  outcome.check(to);
  // Some servers answer out of order, so that the question came before the change.
  if (size_in(there.attributes, size_) != size_) there.attributes = stat_sftp(session_, to);
  require_kept(to, size_, size_in(there.attributes, size_));
  if (!is_synced(synced)) throw sftp_sync_error(synced, folder_);
}

void SftpNewFile::remove() {
  ask_sftp(session_, SftpType::remove, 1, [&](std::size_t, SftpWriter& w) { w.text(path_); });
}

bool can_replace_sftp(const SftpSession& session) { return session.offers(kPosixRename); }

SftpFile::SftpFile(SftpSession& session, const std::string& path) : session_(session), path_(path) {
  Outcome outcome;
  std::optional<std::uint64_t> size;
  // Both at once: the size comes with the same round trip as the handle.
  session.request(
      SftpType::stat, [&](SftpWriter& w) { w.text(path); },
      [&](const SftpReply& reply) {
        if (reply.type == SftpType::attributes) {
          const SftpAttributes attributes = decode_sftp_attributes(reply);
          size = attributes.size;
          mode_ = attributes.mode.value_or(0);
        } else {
          outcome.note(reply);
        }
      });
  handle_ = open_file(session, path, sftp_open::kRead, {});
  try {
    outcome.check(path);
    if (!size)
      throw Error(Errc::unsupported,
                  format_text(_("{}: the server does not say how long it is"), path));
  } catch (...) {
    session.forget(SftpType::close, [&](SftpWriter& w) { w.text(handle_); });
    throw;
  }
  size_ = *size;
}

SftpFile::~SftpFile() {
  try {
    session_.forget(SftpType::close, [&](SftpWriter& w) { w.text(handle_); });
  } catch (...) {
    return;  // out of memory: the handle stays open until the session ends
  }
}

std::size_t SftpFile::read(std::uint64_t offset, MutableByteView out) {
  struct Part {
    std::size_t begin;
    std::size_t length;
  };
  Outcome outcome;
  std::size_t end = out.size();  // where the file ends
  std::vector<Part> again;       // parts of which less came than was asked for
  const auto ask = [&](Part part) {
    session_.wait_for_room();
    session_.request(
        SftpType::read,
        [&](SftpWriter& w) {
          w.text(handle_).large_number(offset + part.begin);
          w.number(static_cast<std::uint32_t>(part.length));
        },
        [&, part](const SftpReply& reply) {
          if (reply.type == SftpType::status) {
            SftpStatus status = decode_sftp_status(reply);
            if (status.code == SftpCode::end_of_file) {
              end = std::min(end, part.begin);
            } else {
              outcome.note(std::move(status));
            }
            return;
          }
          const ByteView data = decode_sftp_data(reply);
          if (data.size() > part.length)
            throw Error(Errc::corrupt, _("more came than was asked for"));
          std::memcpy(out.data() + part.begin, data.data(), data.size());
          if (data.size() < part.length) {
            again.push_back({part.begin + data.size(), part.length - data.size()});
          }
        });
  };
  std::size_t begin = 0;
  while (!outcome.failed()) {
    if (!again.empty()) {
      const Part part = again.back();
      again.pop_back();
      ask(part);
    } else if (begin < end) {
      const Part part{begin, std::min(end - begin, session_.read_length())};
      begin += part.length;
      ask(part);
    } else if (session_.busy()) {
      session_.finish();
    } else {
      break;
    }
  }
  session_.finish();
  outcome.check(path_);
  // What is shorter than it was a moment ago was not read to its end.
  if (end < out.size() && offset + end < size_) {
    throw Error(Errc::io, format_text(_("{}: the server ends it at byte {} of {}"), path_,
                                      offset + end, size_));
  }
  return end;
}

void request_sftp_file(SftpSession& session, const std::string& path, SftpSmallFile& out) {
  constexpr std::uint32_t kShort = 32 << 10;  // bytes; what every server reads at once
  const auto size = std::make_shared<std::optional<std::uint64_t>>();
  session.request(
      SftpType::stat, [&](SftpWriter& w) { w.text(path); },
      [&out, size](const SftpReply& reply) {
        if (reply.type == SftpType::status) return;
        const SftpAttributes attributes = decode_sftp_attributes(reply);
        *size = attributes.size;
        out.mode = attributes.mode.value_or(0);
      });
  const auto read = [&out, size](const SftpReply& reply) {
    if (reply.type == SftpType::status) return;
    const ByteView data = decode_sftp_data(reply);
    out.content = Buffer(data);
    out.whole = *size == data.size();
  };
  session.request(
      SftpType::open, [&](SftpWriter& w) { w.text(path).number(sftp_open::kRead).attributes({}); },
      [&session, read](const SftpReply& reply) {
        if (reply.type == SftpType::status) return;
        const std::string handle = decode_sftp_handle(reply);
        session.request(
            SftpType::read, [&](SftpWriter& w) { w.text(handle).large_number(0).number(kShort); },
            read);
        session.forget(SftpType::close, [&](SftpWriter& w) { w.text(handle); });
      });
}

std::optional<SftpSpace> sftp_space(SftpSession& session, const std::string& path) {
  if (!session.offers(kStatvfs)) return std::nullopt;
  std::optional<SftpSpace> space;
  session.request(
      SftpType::extended, [&](SftpWriter& w) { w.text(kStatvfs).text(path); },
      [&](const SftpReply& reply) {
        if (reply.type == SftpType::extended_reply) space = decode_sftp_space(reply);
      });
  session.finish();
  return space;
}

}  // namespace medsave
