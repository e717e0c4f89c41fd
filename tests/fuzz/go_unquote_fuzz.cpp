#include "fuzz.hpp"

#include "medsave/format/go_quote.hpp"
#include "medsave/format/node.hpp"

// Any bytes quote to text that gives them back; whatever unquotes quotes to an equivalent.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return medsave::fuzz::run(data, size, [](medsave::ByteView input) {
    const std::string_view text = medsave::as_text(input);
    medsave::fuzz::require(medsave::go_unquote(medsave::go_quote(text)) == text);
    const auto raw = medsave::go_unquote(text);
    if (raw) medsave::fuzz::require(medsave::go_unquote(medsave::go_quote(*raw)) == raw);
  });
}
