#include "passwords.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/process.hpp"
#include "medsave/sys/terminal.hpp"

#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace medsave::cli {
namespace {

constexpr std::size_t kMaxPassword =
    std::size_t{64} * 1024;  // bytes; a file that is larger is the wrong file

/// Wipes its buffer at the end.
class WipedBuffer {
 public:
  explicit WipedBuffer(Buffer buffer) : buffer_(std::move(buffer)) {}
  ~WipedBuffer() { wipe(buffer_.data(), buffer_.size()); }
  WipedBuffer(const WipedBuffer&) = delete;
  WipedBuffer& operator=(const WipedBuffer&) = delete;
  [[nodiscard]] std::string_view text() const { return as_text(buffer_.view()); }

 private:
  Buffer buffer_;
};

Buffer read_all(int fd, const std::string& what) {
  Buffer out(kMaxPassword + 1);  // at once: growing would leave copies behind
  const std::size_t size = read_some(fd, out.writable(), what);
  if (size > kMaxPassword) {
    throw Error(Errc::usage, format_text(_("{} is too long for a password"), what));
  }
  out.resize(size);
  return out;
}

Secret from_file(const std::string& path) {
  const WipedBuffer content(read_file(path, kMaxPassword));
  return Secret(trim_password(content.text()));
}

Secret from_command(const std::string& command) {
  const std::vector<std::string> words = split_command(command);
  if (words.empty()) throw Error(Errc::usage, _("the password command is empty"));
  ChildOutput child(words);
  const WipedBuffer output(read_all(child.fd(), words.front()));
  const int status = child.wait();
  if (status != 0) {
    throw Error(Errc::usage,
                format_text(_("the password command \"{}\" failed with exit status {}"),
                            words.front(), status));
  }
  return Secret(trim_password(output.text()));
}

/// Takes the variable out of the environment, so that neither children nor /proc show it.
std::optional<Secret> from_environment(const std::string& name) {
  char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  const std::size_t length = std::strlen(value);
  std::optional<Secret> secret(std::in_place, std::string_view(value, length));
  wipe(value, length);
  ::unsetenv(name.c_str());
  return secret;
}

/// All places but a person.
std::optional<Secret> from_sources(const RepositoryChoice& choice) {
  // Both are taken out of the environment, whichever counts.
  const std::string name = choice.environment_prefix + "PASSWORD";
  std::optional<Secret> own = from_environment("MEDSAVE_" + name);
  std::optional<Secret> restic = from_environment("RESTIC_" + name);
  if (!choice.password_command.empty()) return from_command(choice.password_command);
  if (!choice.password_file.empty()) return from_file(choice.password_file);
  if (own) return own;
  return restic;
}

/// What nobody has to be asked for: the empty password counts where it was announced.
std::optional<Secret> known_password(const RepositoryChoice& choice) {
  std::optional<Secret> found = from_sources(choice);
  if (!choice.no_password) return found;
  if (found && !found->empty()) {
    throw Error(Errc::usage,
                _("--insecure-no-password must not be given together with a password"));
  }
  return Secret();
}

Secret typed(const std::string& prompt) {
  std::optional<Buffer> line = read_password(prompt);
  if (!line) {
    throw Error(Errc::usage, _("no password: there is no terminal to ask at; use --password-file, "
                               "--password-command or the variable MEDSAVE_PASSWORD"));
  }
  const WipedBuffer content(std::move(*line));
  return Secret(content.text());
}

/// A pipe or file on standard input answers instead of a person, as in restic.
bool input_is_redirected() {
  const FileInfo input = fstat_fd(STDIN_FILENO);
  constexpr std::uint32_t kType = 0170000;
  constexpr std::uint32_t kPipe = 0010000;
  return input.is_regular() || (input.mode & kType) == kPipe;
}

Secret piped(Context& context) {
  context.detail(_("reading the password from standard input"));
  const WipedBuffer content(read_all(STDIN_FILENO, _("standard input")));
  const std::string_view text = content.text();
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return Secret(line);
}

void refuse_empty(const Secret& password, bool allow_empty) {
  if (!password.empty() || allow_empty) return;
  throw Error(Errc::usage,
              _("an empty password is not allowed by default; pass --insecure-no-password to every "
                "command if the repository really has none"));
}

Secret typed_twice() {
  Secret first = typed(_("enter new password: "));
  const Secret second = typed(_("enter password again: "));
  if (first.text() != second.text()) {
    throw Error(Errc::usage, _("the two passwords are not the same; nothing was changed"));
  }
  return first;
}

}  // namespace

std::string_view trim_password(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  constexpr std::string_view kWhiteSpace = " \t\n\v\f\r";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::size_t begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1);
}

PasswordAnswer repository_password(Context& context, const RepositoryChoice& choice,
                                   const std::function<void()>& before_asking) {
  PasswordAnswer answer;
  if (std::optional<Secret> known = known_password(choice)) {
    answer.password = std::move(*known);
  } else {
    before_asking();
    answer.asked = !input_is_redirected();
    answer.password = answer.asked ? typed(_("enter password for repository: ")) : piped(context);
  }
  refuse_empty(answer.password, choice.no_password);
  return answer;
}

Secret first_password(Context& context, const RepositoryChoice& choice) {
  std::optional<Secret> known = known_password(choice);
  Secret password = known                   ? std::move(*known)
                    : input_is_redirected() ? piped(context)
                                            : typed_twice();
  refuse_empty(password, choice.no_password);
  return password;
}

Secret new_password(Context& context, const std::string& file, bool allow_empty) {
  if (allow_empty) {
    if (!file.empty()) {
      throw Error(Errc::usage,
                  _("--new-insecure-no-password and --new-password-file exclude each other"));
    }
    return {};
  }
  Secret password;
  if (!file.empty()) {
    password = from_file(file);
  } else {
    password = input_is_redirected() ? piped(context) : typed_twice();
  }
  refuse_empty(password, false);
  return password;
}

}  // namespace medsave::cli
