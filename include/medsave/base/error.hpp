#pragma once

// base: what every other area uses and what needs no operating system: bytes, ids, errors, messages
// in the user's language, times and sizes as text, progress counters. It depends on no other area;
// what it needs of the system is declared in system.hpp and defined in lib/sys. Begin here, then
// read bytes.hpp, id.hpp and text.hpp.

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

namespace medsave {

/// What a caller may do about a failure. Tested by code, never by text.
enum class Errc {
  internal,        // a broken invariant of medsave itself
  usage,           // the command line or a configuration asks for something impossible
  io,              // the operating system or a server refused; may succeed when repeated
  permission,      // not allowed
  not_found,       // the named thing does not exist
  exists,          // the named thing exists already
  no_space,        // the medium is full, or the user's share of it
  read_only,       // the medium takes no changes at all
  corrupt,         // bytes are not what their name, MAC or format promises
  unsupported,     // valid, but of a kind or version this program does not know
  no_repository,   // exit code 10
  locked,          // exit code 11
  wrong_password,  // exit code 12
  unreachable,     // the repository's medium is gone or failed for good: nothing more will work
};

/// Stable English identifier of a code ("corrupt", "no-space", ...), for scripts and searches.
std::string_view errc_name(Errc code);

/// Every failure that is not one item's problem (those are data, see the engines' sinks).
/// The message is one line in the user's language; layers add context on the way up, so that it
/// reads from the outside in: "restoring a/b: pack 3f2a01c9: file too short".
class Error : public std::runtime_error {
 public:
  Error(Errc code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] Errc code() const { return code_; }
  /// The same error with "context: " in front.
  [[nodiscard]] Error with_context(std::string_view context) const;

 private:
  Errc code_;
};

/// Whether a failure concerns the whole run and not only the item at which it occurred: the run
/// ends with it, since every other item would fail too.
inline bool is_fatal(const Error& error) {
  return error.code() == Errc::unreachable || error.code() == Errc::locked;
}

/// The user asked to stop (SIGINT, SIGTERM). Deliberately not an Error, so that no handler of item
/// problems catches it: it ends the command with exit code 130.
class Interrupted : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "interrupted"; }
};

}  // namespace medsave
