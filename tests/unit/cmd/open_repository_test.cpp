#include "open_repository.hpp"

#include "support/matchers.hpp"
#include "support/temp_dir.hpp"

#include "medsave/backend/local_backend.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <stop_token>
#include <string>

namespace medsave::cli {
namespace {

using testing::SizeIs;

class OpenRepository : public testing::Test {
 protected:
  OpenRepository() {
    std::ofstream(folder_ / "password") << "password";
    for (const char* name : {"one", "other"}) {
      Repository::create(make_local_backend(folder_ / name), Secret("password"),
                         {.version = 2, .polynomial = {}, .kdf = KdfParams{.n = 16}});
    }
    context_.global.no_cache = true;
    context_.global.repository = choice("one");
  }

  RepositoryChoice choice(const std::string& name) {
    return {.location = folder_ / name, .password_file = folder_ / "password"};
  }
  std::vector<ListedFile> locks(const std::string& name) {
    return make_local_backend(folder_ / name)->list(FileKind::lock);
  }
  void remove_locks_of(const std::string& name) {
    const auto backend = make_local_backend(folder_ / name);
    for (const ListedFile& file : backend->list(FileKind::lock)) {
      backend->remove({.kind = FileKind::lock, .id = file.id});
    }
  }

  test::TempDir folder_;
  std::stop_source program_;
  Console console_{[](std::string_view) {}, [](std::string_view) {}, {}};
  Context context_{Identity::medsave, console_, program_.get_token()};
};

TEST_F(OpenRepository, OpensSeveralEachWithALockAndAStopOfItsOwn) {
  const OpenedRepository& one = open_repository(context_, {});
  const OpenedRepository& other = open_repository(context_, choice("other"), {});
  one.lock()->confirm();
  other.lock()->confirm();
  EXPECT_THAT(locks("one"), SizeIs(1));
  EXPECT_THAT(locks("other"), SizeIs(1));
  EXPECT_NE(one.repository().config().id, other.repository().config().id);

  remove_locks_of("other");
  EXPECT_THAT([&] { other.repository().save_json(FileKind::snapshot, "{}"); },
              test::throws_errc(Errc::locked));
  EXPECT_TRUE(other.stop().stop_requested());
  EXPECT_FALSE(one.stop().stop_requested());
  EXPECT_FALSE(context_.stop().stop_requested());
  EXPECT_NO_THROW(one.repository().save_json(FileKind::snapshot, "{}"));
  EXPECT_THAT([&] { context_.explain_lost_lock(); }, test::throws_errc(Errc::locked));

  program_.request_stop();
  EXPECT_TRUE(one.stop().stop_requested());
  context_.close();
  EXPECT_THAT(locks("one"), SizeIs(0));
}

TEST_F(OpenRepository, LocksAsTheOptionsSay) {
  EXPECT_EQ(open_repository(context_, {.lock = std::nullopt}).lock(), nullptr);
  EXPECT_NE(open_repository(context_, kForReading).lock(), nullptr);
  context_.close();
  context_.global.no_lock = true;
  EXPECT_EQ(open_repository(context_, kForReading).lock(), nullptr);
  EXPECT_NE(open_repository(context_, {.lock = LockMode::exclusive, .deletes = true}).lock(),
            nullptr);
}

TEST_F(OpenRepository, SaysOfEachThatItIsLocked) {
  for (const char* name : {"one", "other"}) {
    open_repository(context_, choice(name), {.lock = LockMode::exclusive});
    try {
      open_repository(context_, choice(name), kForReading);
      ADD_FAILURE() << name;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Errc::locked);
      EXPECT_THAT(e.what(), testing::StartsWith("the repository is locked by "));
    }
  }
}

TEST_F(OpenRepository, DoesNotTryAKeyThatTakesLongAfterAStop) {
  Repository::create(make_local_backend(folder_ / "costly"), Secret("password"),
                     {.version = 2, .polynomial = {}, .kdf = KdfParams{.n = 1U << 17U, .p = 2}});
  program_.request_stop();
  EXPECT_THROW(open_repository(context_, choice("costly"), kForReading), Interrupted);
}

}  // namespace
}  // namespace medsave::cli
