#include "medsave/json/json_object.hpp"

#include "medsave/json/json_writer.hpp"

#include <fmt/format.h>

namespace medsave {

JsonObject& JsonObject::add(std::string_view key, std::string_view text) {
  std::string quoted;
  append_json_string(quoted, text);
  return add_json(key, quoted);
}

JsonObject& JsonObject::add(std::string_view key, bool value) {
  return add_json(key, value ? "true" : "false");
}

JsonObject& JsonObject::add(std::string_view key, double value) {
  return add_json(key, fmt::format("{}", value));
}

JsonObject& JsonObject::add(std::string_view key, const std::vector<std::string>& texts) {
  return add_json(key, json_array(texts));
}

JsonObject& JsonObject::add_json(std::string_view key, std::string_view json) {
  if (text_.size() > 1) text_ += ',';
  text_.append("\"").append(key).append("\":").append(json);
  return *this;
}

std::string json_array(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    append_json_string(out, text);
  }
  return out + "]";
}

std::string merge_json(std::string_view json, const JsonObject& more) {
  std::string out(json.substr(0, json.rfind('}')));
  if (out.size() > 1) out += ',';
  return out + more.text().substr(1);
}

}  // namespace medsave
