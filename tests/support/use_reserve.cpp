// use-reserve REPOSITORY: on a full medium. A lock cannot be stored, until the reserve is given up.
#include "medsave/backend/local_backend.hpp"
#include "medsave/base/error.hpp"
#include "medsave/base/random.hpp"

#include <cstdio>
#include <exception>
#include <stdexcept>

namespace {

constexpr std::size_t kLockSize = 400;

medsave::FileRef store_lock(medsave::Backend& backend) {
  medsave::FileRef lock{.kind = medsave::FileKind::lock};
  medsave::system_random().fill(lock.id.bytes());
  backend.save(lock, medsave::Buffer(kLockSize));
  backend.barrier();
  return lock;
}

bool is_full(medsave::Backend& backend) {
  try {
    store_lock(backend);
    return false;
  } catch (const medsave::Error& e) {
    if (e.code() != medsave::Errc::no_space) throw;
    return true;
  }
}

void run(const char* folder) {
  const auto backend = medsave::make_local_backend(folder);
  if (!is_full(*backend)) throw std::runtime_error("the medium is not full");
  if (!backend->give_up_reserve()) throw std::runtime_error("there is no reserve");
  backend->remove(store_lock(*backend));
  if (backend->give_up_reserve()) throw std::runtime_error("the reserve was given up twice");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: use-reserve REPOSITORY\n", stderr);
    return 2;
  }
  try {
    run(argv[1]);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "use-reserve: %s\n", e.what());
    return 1;
  }
  return 0;
}
