#include "find_time.hpp"

#include "medsave/format/time_text.hpp"

#include <regex>

namespace medsave::cli {
namespace {

/// "15:04" -> "15:04:00"
std::string with_seconds(const std::string& time) {
  constexpr std::size_t kWithoutSeconds = 5;
  return time.size() == kWithoutSeconds ? time + ":00" : time;
}

}  // namespace

std::optional<Timestamp> parse_point_in_time(const std::string& text) {
  static const std::regex form(R"((?:(\d{4})-(\d\d)-(\d\d)|(\d\d)[./](\d\d)[./](\d{4})))"
                               R"((?: (\d\d:\d\d(?::\d\d)?)(?: (UTC|GMT|([+-]\d\d)(\d\d)))?)?)");
  std::smatch parts;
  if (!std::regex_match(text, parts, form)) return std::nullopt;
  const std::string date = parts[1].matched
                               ? parts[1].str() + "-" + parts[2].str() + "-" + parts[3].str()
                               : parts[6].str() + "-" + parts[5].str() + "-" + parts[4].str();
  if (!parts[7].matched) return parse_local_time(date);
  const std::string time = with_seconds(parts[7]);
  if (!parts[8].matched) return parse_local_time(date + " " + time);
  const std::string zone = parts[9].matched ? parts[9].str() + ":" + parts[10].str() : "Z";
  const std::optional<ZonedTime> zoned = parse_time(date + "T" + time + zone);
  if (!zoned) return std::nullopt;
  return zoned->instant;
}

}  // namespace medsave::cli
