// put-lock REPOSITORY HOST SECONDS: an exclusive lock of another computer, made as long ago as
// SECONDS, or in the future where that is negative. Password: RESTIC_PASSWORD.
#include "medsave/backend/local_backend.hpp"
#include "medsave/base/clock.hpp"
#include "medsave/crypto/secret.hpp"
#include "medsave/format/lock_file.hpp"
#include "medsave/repo/repository.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>

int main(int argc, char** argv) {
  const char* const password = std::getenv("RESTIC_PASSWORD");
  if (argc != 4 || password == nullptr) {
    std::fputs("usage: RESTIC_PASSWORD=... put-lock REPOSITORY HOST SECONDS\n", stderr);
    return 2;
  }
  try {
    const auto repository = medsave::Repository::open(medsave::make_local_backend(argv[1]),
                                                      medsave::Secret(password), "");
    medsave::LockFile lock{.time = medsave::in_local_zone(medsave::system_clock().now()),
                           .exclusive = true,
                           .hostname = argv[2],
                           .username = "somebody",
                           .pid = 4711};
    lock.time.instant.seconds -= std::strtol(argv[3], nullptr, 10);
    repository->save_json(medsave::FileKind::lock, medsave::encode_lock_file(lock));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "put-lock: %s\n", e.what());
    return 1;
  }
  return 0;
}
