#include "fuzz.hpp"

#include "medsave/base/encoding.hpp"
#include "medsave/base/text_file.hpp"

// What is decoded from UTF-16 is UTF-8, and trimming what was trimmed takes nothing off.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return medsave::fuzz::run(data, size, [](medsave::ByteView input) {
    const std::string_view bytes = medsave::as_text(input);
    const medsave::Buffer decoded = medsave::decode_marked_text(input, "input");
    const std::string_view text = medsave::as_text(decoded.view());
    if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff")) {
      for (std::string_view rest = text; !rest.empty();) {
        const std::size_t length = medsave::utf8_sequence(rest);
        medsave::fuzz::require(length != 0);
        rest.remove_prefix(length);
      }
    }
    const std::string_view trimmed = medsave::trim_unicode_space(text);
    medsave::fuzz::require(medsave::trim_unicode_space(trimmed) == trimmed);
  });
}
