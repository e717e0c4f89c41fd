// json-value [--type TYPE] [--count] POINTER < lines
//
// Reads one JSON document per line, insists that each is valid, and prints what POINTER (RFC 6901,
// "" for all) names in the last of them, or in the last whose "message_type" is TYPE; with --count
// the number of its elements. Exit status 1 when there is none, 2 when a line is not JSON.

#include <nlohmann/json.hpp>

#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace {

using Json = nlohmann::json;

int run(const std::vector<std::string>& arguments) {
  std::optional<std::string> type;
  bool count = false;
  std::string pointer;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--type" && i + 1 < arguments.size()) {
      type = arguments[++i];
    } else if (arguments[i] == "--count") {
      count = true;
    } else {
      pointer = arguments[i];
    }
  }
  std::optional<Json> found;
  for (std::string line; std::getline(std::cin, line);) {
    Json document = Json::parse(line);
    const bool wanted =
        !type || (document.is_object() && document.value("message_type", "") == *type);
    if (wanted) found = std::move(document);
  }
  const Json::json_pointer where(pointer);
  if (!found || !found->contains(where)) return 1;
  const Json& value = found->at(where);
  if (count) {
    std::cout << value.size() << '\n';
  } else if (value.is_string()) {
    std::cout << value.get<std::string>() << '\n';
  } else {
    std::cout << value.dump() << '\n';
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "json-value: " << error.what() << '\n';
    return 2;
  }
}
