// cheap-repository [--add-key] FOLDER VERSION: makes a repository whose password takes no time to
// try, so that tests can open it hundreds of times; or adds a second key of that kind to one, with
// the same password. Password: RESTIC_PASSWORD.
#include "medsave/backend/local_backend.hpp"
#include "medsave/crypto/secret.hpp"
#include "medsave/repo/key_store.hpp"
#include "medsave/repo/repository.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

namespace {

constexpr medsave::KdfParams kCheap = {.n = 16, .r = 8, .p = 1};

void run(bool add, const std::string& folder, unsigned long version, const char* text) {
  const medsave::Secret password(text);
  if (add) {
    const auto repository =
        medsave::Repository::open(medsave::make_local_backend(folder), password, "");
    medsave::add_key(*repository, password, "", "", kCheap);
  } else {
    medsave::Repository::create(medsave::make_local_backend(folder), password,
                                {.version = static_cast<std::uint32_t>(version), .kdf = kCheap});
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool add = !arguments.empty() && arguments.front() == "--add-key";
  if (add) arguments.erase(arguments.begin());
  const char* const password = std::getenv("RESTIC_PASSWORD");
  if (arguments.size() != 2 || password == nullptr) {
    std::fputs("usage: RESTIC_PASSWORD=... cheap-repository [--add-key] FOLDER VERSION\n", stderr);
    return 2;
  }
  try {
    run(add, arguments[0], std::strtoul(arguments[1].c_str(), nullptr, 10), password);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "cheap-repository: %s\n", e.what());
    return 1;
  }
  return 0;
}
