#include "support/backend_contract.hpp"

#include "medsave/remote/sftp_backend.hpp"

#include <filesystem>

namespace medsave::test {
namespace {

constexpr const char* kServer = "/usr/lib/openssh/sftp-server";

std::unique_ptr<Backend> make_with(const std::string& command, const std::string& path) {
  RemoteOptions options;
  options.extended["sftp.command"] = command;
  return make_sftp_backend("host:" + path, options);
}

/// OpenSSH's server, and the same one as an old one: without any extension.
std::vector<Candidate> servers() {
  if (!std::filesystem::exists(kServer)) return {};
  const std::string server = kServer;
  return {
      {"sftp", [=](const TempDir& temp) { return make_with(server, temp / "deep/er/repo"); }},
      {"sftp_plain",
       [=](const TempDir& temp) {
         return make_with(server + " -P posix-rename,fsync,limits,statvfs,hardlink", temp / "repo");
       }},
      {"sftp_in_the_home_folder",
       [=](const TempDir& temp) { return make_with(server + " -d " + (temp / ""), ""); }},
  };
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(BackendContract);
INSTANTIATE_TEST_SUITE_P(Sftp, BackendContract, testing::ValuesIn(servers()), candidate_name);

}  // namespace
}  // namespace medsave::test
