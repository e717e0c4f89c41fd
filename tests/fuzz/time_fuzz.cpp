#include "fuzz.hpp"

#include "medsave/format/time_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return medsave::fuzz::run(data, size, [](medsave::ByteView input) {
    const std::string_view text = medsave::as_text(input);
    const auto parsed = medsave::parse_time(text);
    if (parsed) {
      medsave::fuzz::require(medsave::parse_time(medsave::format_zoned_time(*parsed)) == parsed);
    }
    const auto local = medsave::parse_local_time(text);
    if (local && text.size() > 10) {
      medsave::fuzz::require(medsave::format_local_time(*local) == text);
    }
  });
}
