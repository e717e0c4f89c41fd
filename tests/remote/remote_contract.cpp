// What every backend must do, done by a real server: the scripts of this folder start one and say
// where it is. MEDSAVE_LOCATION is a `--repo` value in which "{}" stands for a name that is new in
// every test; MEDSAVE_CACERT may name a PEM file, MEDSAVE_OPTIONS hold "KEY=VALUE KEY=VALUE".
#include "support/backend_contract.hpp"

#include "medsave/remote/location.hpp"

#include <cstdlib>
#include <sstream>

namespace medsave::test {
namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::unique_ptr<Backend> open_named(const TempDir& temp) {
  std::string location = variable("MEDSAVE_LOCATION");
  const std::string fresh = temp.path().substr(temp.path().rfind('/') + 1);
  for (std::size_t at = location.find("{}"); at != std::string::npos; at = location.find("{}")) {
    location.replace(at, 2, fresh);
  }
  RemoteOptions options;
  options.ca_file = variable("MEDSAVE_CACERT");
  std::istringstream words(variable("MEDSAVE_OPTIONS"));
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    options.extended[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return open_location(location, options);
}

INSTANTIATE_TEST_SUITE_P(Remote, BackendContract, testing::Values(Candidate{"server", open_named}),
                         candidate_name);

}  // namespace
}  // namespace medsave::test
