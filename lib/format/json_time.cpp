#include "json_time.hpp"

namespace medsave {

ZonedTime read_time(JsonReader& in) {
  const std::optional<ZonedTime> parsed = parse_time(in.string());
  if (!parsed) in.bad_value();
  return *parsed;
}

}  // namespace medsave
