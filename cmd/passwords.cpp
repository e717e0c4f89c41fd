#include "passwords.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/sentences.hpp"
#include "medsave/base/system.hpp"
#include "medsave/base/text.hpp"
#include "medsave/base/text_file.hpp"
#include "medsave/base/unix_mode.hpp"
#include "medsave/sys/fd.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/file_io.hpp"
#include "medsave/sys/host.hpp"
#include "medsave/sys/process.hpp"
#include "medsave/sys/terminal.hpp"
#include "medsave/ui/display_text.hpp"

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
  [[nodiscard]] ByteView bytes() const { return buffer_.view(); }
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

/// Bytes that only look like UTF-16 (a key file of random bytes) stay what they are.
Buffer decode_password(ByteView content, const std::string& source) {
  try {
    return decode_marked_text(content, source);
  } catch (const Error&) {
    return Buffer(content);
  }
}

using Cut = std::string_view (*)(std::string_view text);

/// `cut` takes the password out of the decoded content, `cut_bytes` out of the bytes.
PasswordAnswer found_in(const WipedBuffer& content, const std::string& source, Cut cut,
                        Cut cut_bytes) {
  const WipedBuffer decoded(decode_password(content.bytes(), source));
  const std::string_view text = cut(decoded.text());
  const std::string_view bytes = cut_bytes(content.text());
  PasswordAnswer answer{.password = Secret(text), .source = source};
  if (bytes != text) answer.undecoded.emplace(bytes);
  return answer;
}

/// Others on this computer could open the repository.
void warn_if_readable(const std::string& path, Context& context) {
  constexpr std::uint32_t kOthers = 0044;
  const std::optional<FileInfo> info = stat_at(kCurrentDirectory, path);
  if (context.identity == Identity::restic || !info || !info->is_regular()) return;
  if ((info->mode & kOthers) == 0) return;
  context.warn(format_text(_("the password file {} can be read by other users of this computer: "
                             "chmod 600 {}"),
                           path, path));
}

/// `option`: what named the file.
PasswordAnswer from_file(const std::string& path, const std::string& option, Context& context) {
  warn_if_readable(path, context);
  try {
    return found_in(WipedBuffer(read_file(path, kMaxPassword)), path, trim_unicode_space,
                    trim_password_bytes);
  } catch (const Error& e) {
    if (e.code() != Errc::not_found) {
      throw Error(e.code(), format_text(_("{} (the password file); nothing was done"), e.what()));
    }
    throw Error(
        e.code(),
        format_text(_("there is no password file {}; nothing was done. Check {}."), path, option));
  }
}

PasswordAnswer from_command(const std::string& command) {
  const std::vector<std::string> words = split_command(command);
  if (words.empty()) throw Error(Errc::usage, _("the password command is empty"));
  std::optional<ChildOutput> child;
  try {
    child.emplace(words);
  } catch (const Error& e) {
    throw Error(e.code(), with_sentence(e.what(), _("It was to print the password; nothing was "
                                                    "done, and your backups are not touched")));
  }
  const WipedBuffer output(read_all(child->fd(), words.front()));
  const int status = child->wait();
  if (status != 0) {
    throw Error(
        Errc::usage,
        format_text(_("the password command \"{}\" failed with exit status {}; nothing was done, "
                      "and your backups are not touched. Run it by itself to see why it fails."),
                    words.front(), status));
  }
  return found_in(output, words.front(), trim_unicode_space, trim_password_bytes);
}

/// Takes the variable out of the environment, so that neither children nor /proc show it.
std::optional<PasswordAnswer> from_environment(const std::string& name) {
  PasswordAnswer answer{.source = name};
  const bool is_set =
      take_from_environment(name, [&](std::string_view value) { answer.password = Secret(value); });
  if (!is_set) return std::nullopt;
  return answer;
}

/// The password from command, file or environment; nullopt when none is set.
std::optional<PasswordAnswer> from_sources(const RepositoryChoice& choice, Context& context) {
  // Both variables are removed from the environment, whichever of them is used.
  const std::string name = choice.environment_prefix + "PASSWORD";
  std::optional<PasswordAnswer> own = from_environment("MEDSAVE_" + name);
  std::optional<PasswordAnswer> restic = from_environment("RESTIC_" + name);
  if (!choice.password_command.empty()) return from_command(choice.password_command);
  if (!choice.password_file.empty()) {
    const bool other = !choice.environment_prefix.empty();
    return from_file(choice.password_file,
                     other ? _("--from-password-file or MEDSAVE_FROM_PASSWORD_FILE")
                           : _("--password-file or MEDSAVE_PASSWORD_FILE"),
                     context);
  }
  if (own) return own;
  return restic;
}

/// As from_sources(), but the empty password with --insecure-no-password.
std::optional<PasswordAnswer> known_password(const RepositoryChoice& choice, Context& context) {
  std::optional<PasswordAnswer> found = from_sources(choice, context);
  if (!choice.no_password) return found;
  if (found && !found->password.empty()) {
    throw Error(Errc::usage,
                _("--insecure-no-password must not be given together with a password"));
  }
  return PasswordAnswer{};
}

/// Broken between words where it is wider than the terminal.
std::string fit_prompt(const std::string& prompt, std::size_t columns) {
  std::string out = wrap_lines(prompt, columns);
  if (prompt.ends_with(' ') && !out.ends_with(' ')) out += ' ';
  return out;
}

Secret typed(const std::string& prompt, Context& context) {
  std::optional<Buffer> line;
  try {
    line = read_password(fit_prompt(prompt, context.console.width()), context.stop());
  } catch (const Interrupted&) {
    context.tell_of_interruption_at_prompt();
    throw;
  }
  if (!line && is_terminal(kStandardInput)) {
    throw Error(Errc::usage, _("no password was typed; nothing was done"));
  }
  if (!line) {
    throw Error(Errc::usage, _("no password: there is no terminal to ask at; use --password-file, "
                               "--password-command or the variable MEDSAVE_PASSWORD"));
  }
  const WipedBuffer content(std::move(*line));
  return Secret(content.text());
}

/// A pipe or file on standard input answers instead of a person, as in restic.
bool input_is_redirected() {
  const FileInfo input = fstat_fd(kStandardInput);
  return input.is_regular() || unix_mode::is_of_type(input.mode, unix_mode::kFifo);
}

std::string_view first_line(std::string_view text) {
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

PasswordAnswer piped(Context& context) {
  context.detail(_("reading the password from standard input"));
  const WipedBuffer content(read_all(kStandardInput, _("standard input")));
  return found_in(content, _("standard input"), first_line, first_line);
}

void refuse_empty(const Secret& password, bool allow_empty) {
  if (!password.empty() || allow_empty) return;
  throw Error(Errc::usage,
              _("an empty password is not allowed by default; pass --insecure-no-password to every "
                "command if the repository really has none"));
}

constexpr int kTypings = 3;

/// Asks again after an empty line, which is likely a slip; after the last try the answer may be
/// empty.
Secret typed_something(const std::string& prompt, Context& context) {
  for (int tries = 1;; ++tries) {
    Secret answer = typed(prompt, context);
    if (!answer.empty() || tries == kTypings) return answer;
    context.warn(_("nothing was typed; once more"));
  }
}

/// Our prompt names the repository, since each may have a password of its own. Programs that drive
/// restic expect its prompt.
std::string prompt_for(const char* resticlike, const char* own, const RepositoryChoice& choice,
                       Context& context) {
  if (context.identity == Identity::restic) return resticlike;
  return format_text(own, escape_for_terminal(shown_place(chosen_location(choice))));
}

Secret typed_twice(Context& context, const RepositoryChoice& choice) {
  const std::string prompt =
      prompt_for(_("enter new password: "),
                 _("new password for repository {} (nothing is shown): "), choice, context);
  for (int tries = 1;; ++tries) {
    Secret first = typed_something(prompt, context);
    if (first.empty()) return first;
    const Secret second = typed(_("enter password again: "), context);
    if (first.text() == second.text()) return first;
    if (tries == kTypings) {
      throw Error(Errc::usage, _("the two passwords are not the same; nothing was changed"));
    }
    context.warn(_("the two passwords are not the same; once more"));
  }
}

/// Characters that are in a password by mistake, because nobody can type them.
bool looks_mangled(char32_t c) {
  constexpr char32_t kReplacement = 0xfffd;
  constexpr char32_t kByteOrderMark = 0xfeff;
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == kReplacement || c == kByteOrderMark;
}

/// Warns of a weak password: who finds the drive can try passwords at leisure.
void warn_if_weak(std::string_view password, Context& context) {
  constexpr std::size_t kShort = 10;  // characters
  constexpr std::size_t kDigitsAlone = 16;
  if (context.identity == Identity::restic || password.empty()) return;
  std::size_t characters = 0;
  for (const char c : password) characters += (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  const bool digits = password.find_first_not_of("0123456789") == std::string_view::npos;
  if (characters >= (digits ? kDigitsAlone : kShort)) return;
  context.warn(
      _("the new password is weak: whoever finds the drive could guess it. Better are four or five "
        "words that do not belong together (to change it, open the repository with it: "
        "\"medsave key passwd\")."));
}

/// Refuses or warns of characters that nobody could type again from paper.
PasswordAnswer typable(PasswordAnswer answer, Context& context) {
  const std::string source = answer.source.empty() ? _("what was typed") : answer.source;
  bool mangled = false;
  for (std::string_view rest = answer.password.text(); !rest.empty();) {
    char32_t character = 0;
    const std::size_t length = utf8_sequence(rest, &character);
    if (length == 0 || character == 0) {
      throw Error(
          Errc::usage,
          format_text(_("the new password ({}) is not UTF-8 text, so nobody could ever type it; "
                        "nothing was changed. Save the file as UTF-8 and try again."),
                      source));
    }
    mangled = mangled || looks_mangled(character);
    rest.remove_prefix(length);
  }
  if (mangled) {
    context.warn(format_text(
        _("the new password ({}) holds characters that cannot be typed. Try now whether the "
          "password on paper opens the repository; if not, change it: \"medsave key passwd\"."),
        source));
  }
  const std::string_view text = answer.password.text();
  if (trim_password_bytes(text).size() != text.size()) {
    context.warn(format_text(
        _("the new password ({}) begins or ends with a space, which nobody sees on paper and which "
          "a password file cannot hold; better change it: \"medsave key passwd\""),
        source));
  }
  warn_if_weak(answer.password.text(), context);
  return answer;
}

/// For a new key: what is piped or else typed twice.
PasswordAnswer asked_for(Context& context, const RepositoryChoice& choice) {
  if (input_is_redirected()) return piped(context);
  return {.password = typed_twice(context, choice)};
}

}  // namespace

std::string_view trim_password_bytes(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  constexpr std::string_view kWhiteSpace = " \t\n\v\f\r";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::size_t begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1);
}

PasswordAnswer repository_password(Context& context, const RepositoryChoice& choice,
                                   const std::function<void()>& before_asking) {
  std::optional<PasswordAnswer> answer = known_password(choice, context);
  if (!answer) {
    before_asking();
    if (input_is_redirected()) {
      answer = piped(context);
    } else {
      const std::string prompt =
          prompt_for(_("enter password for repository: "),
                     _("password for repository {} (nothing is shown): "), choice, context);
      answer = {.password = typed_something(prompt, context), .asked = true};
    }
  }
  refuse_empty(answer->password, choice.no_password);
  return std::move(*answer);
}

Secret first_password(Context& context, const RepositoryChoice& choice) {
  std::optional<PasswordAnswer> known = known_password(choice, context);
  PasswordAnswer answer = typable(known ? std::move(*known) : asked_for(context, choice), context);
  refuse_empty(answer.password, choice.no_password);
  return std::move(answer.password);
}

Secret new_password(Context& context, const std::string& file, bool allow_empty) {
  if (allow_empty) {
    if (!file.empty()) {
      throw Error(Errc::usage,
                  _("--new-insecure-no-password and --new-password-file exclude each other"));
    }
    return {};
  }
  PasswordAnswer answer = typable(file.empty() ? asked_for(context, context.global.repository)
                                               : from_file(file, "--new-password-file", context),
                                  context);
  if (answer.password.empty()) {
    throw Error(Errc::usage, _("the new password is empty; nothing was done. If it really is to be "
                               "empty: --new-insecure-no-password."));
  }
  return std::move(answer.password);
}

}  // namespace medsave::cli
