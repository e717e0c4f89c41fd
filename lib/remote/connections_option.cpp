#include "connections_option.hpp"

#include "medsave/base/error.hpp"
#include "medsave/base/text.hpp"

#include <charconv>
#include <system_error>

namespace medsave {
namespace {

constexpr unsigned kMaxConnections = 100;

}  // namespace

unsigned connections_option(const RemoteOptions& options, const std::string& name, unsigned usual) {
  const auto found = options.extended.find(name);
  if (found == options.extended.end()) return usual;
  const std::string& text = found->second;
  unsigned wanted = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), wanted);
  if (error != std::errc{} || end != text.data() + text.size() || wanted == 0 ||
      wanted > kMaxConnections) {
    throw Error(Errc::usage, format_text(_("{}: \"{}\" is not a number from 1 to {}"), name, text,
                                         kMaxConnections));
  }
  return wanted;
}

}  // namespace medsave
