// snapshot-history REPOSITORY COUNT SEED: adds COUNT snapshots of the tree of the newest one, with
// times of several years, hosts, paths and tags that the seed determines. For tests of policies,
// where a real backup for each snapshot would take too long. Password: RESTIC_PASSWORD.
#include "medsave/backend/local_backend.hpp"
#include "medsave/crypto/secret.hpp"
#include "medsave/repo/repository.hpp"
#include "medsave/snap/snapshot_finder.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <random>
#include <string>
#include <vector>

namespace {

using medsave::Snapshot;

constexpr std::int64_t kNewest = 1'790'000'000;  // seconds since 1970
constexpr std::int64_t kYear = 365 * 86'400;

class Maker {
 public:
  Maker(Snapshot pattern, std::uint64_t seed) : pattern_(std::move(pattern)), random_(seed) {}

  Snapshot next() {
    Snapshot out = pattern_;
    // Mostly some a day for a while, then long gaps: as practices do it.
    const std::int64_t age = below(3) == 0   ? below(6 * kYear)
                             : below(2) == 0 ? below(kYear / 2)
                                             : below(20 * 86'400);
    out.time.instant = {.seconds = kNewest - age,
                        .nanoseconds = static_cast<std::uint32_t>(++made_)};  // no two are equal
    out.time.offset_seconds = static_cast<std::int32_t>(pick({0, 3600, 7200, -18'000, 20'700}));
    out.parent.reset();
    out.hostname = "host" + std::to_string(below(3));
    // In order, since restic sorts what it groups by, also where it shows it.
    out.paths = {"/srv/practice"};
    if (below(4) == 0) out.paths.insert(out.paths.begin(), "/srv/mail");
    out.tags.clear();
    for (const char* tag : {"before update", "daily", "keep"}) {
      if (below(5) == 0) out.tags.emplace_back(tag);
    }
    return out;
  }

 private:
  std::int64_t below(std::int64_t limit) {
    return std::uniform_int_distribution<std::int64_t>(0, limit - 1)(random_);
  }
  std::int64_t pick(const std::vector<std::int64_t>& values) {
    return values[static_cast<std::size_t>(below(static_cast<std::int64_t>(values.size())))];
  }

  const Snapshot pattern_;
  std::mt19937_64 random_;
  std::uint32_t made_ = 0;
};

void run(const std::string& location, unsigned long count, unsigned long seed) {
  const char* const password = std::getenv("RESTIC_PASSWORD");
  const auto repository =
      medsave::Repository::open(medsave::make_local_backend(location),
                                medsave::Secret(password != nullptr ? password : ""), "");
  Maker maker(medsave::load_snapshots(*repository, {}).back().snapshot, seed);
  for (unsigned long n = 0; n < count; ++n) {
    repository->save_json(medsave::FileKind::snapshot, medsave::encode_snapshot(maker.next()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: snapshot-history REPOSITORY COUNT SEED\n", stderr);
    return 2;
  }
  try {
    run(argv[1], std::strtoul(argv[2], nullptr, 10), std::strtoul(argv[3], nullptr, 10));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "snapshot-history: %s\n", e.what());
    return 1;
  }
  return 0;
}
