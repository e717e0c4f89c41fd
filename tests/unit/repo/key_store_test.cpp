#include "medsave/repo/key_store.hpp"

#include "key_codec.hpp"
#include "stores.hpp"
#include "support/matchers.hpp"

#include "medsave/sys/host.hpp"

#include <gtest/gtest.h>

namespace medsave {
namespace {

std::unique_ptr<Repository> open_with(MemBackend& store, std::string_view password) {
  return Repository::open(std::make_unique<test::Connection>(store), Secret(password), "");
}

TEST(KeyStore, AddsKeysThatOpenTheSameRepository) {
  MemBackend store;
  const auto repository = test::create_in(store);
  const Id id = add_key(*repository, Secret("zweites ✓"), "anna", "praxis-pc", test::kFastKdf);
  const auto opened = open_with(store, "zweites ✓");
  EXPECT_EQ(opened->key_id(), id);
  EXPECT_EQ(opened->config().id, repository->config().id);
  const KeyListing listing = list_keys(*opened);
  ASSERT_EQ(listing.keys.size(), 2U);
  for (const KeyInfo& key : listing.keys) {
    EXPECT_EQ(key.current, key.id == id);
    EXPECT_EQ(key.file.username, key.current ? "anna" : user_name());
    EXPECT_EQ(key.file.hostname, key.current ? "praxis-pc" : host_name());
  }
}

TEST(KeyStore, NeverHasMoreKeysThanAPasswordIsTriedWith) {
  MemBackend store;
  const auto repository = test::create_in(store);
  while (store.list(FileKind::key).size() < 20) {
    add_key(*repository, Secret("another"), "", "", test::kFastKdf);
  }
  EXPECT_THAT([&] { add_key(*repository, Secret("one more"), "", "", test::kFastKdf); },
              test::throws_errc(Errc::usage));
  EXPECT_EQ(store.list(FileKind::key).size(), 20U);
  change_password(*repository, Secret("new"), "", "", test::kFastKdf);
  EXPECT_EQ(store.list(FileKind::key).size(), 20U);
  EXPECT_NO_THROW(open_with(store, "new"));

  const auto crowded = open_with(store, "new");
  save_key_file(store, repository->key(), Secret("one more"), "", "", test::kFastKdf);
  EXPECT_THAT([&] { change_password(*crowded, Secret("newest"), "", "", test::kFastKdf); },
              test::throws_errc(Errc::usage));
  EXPECT_EQ(store.list(FileKind::key).size(), 21U);
}

TEST(KeyStore, AKeyThatWasStoredBadlyIsNotSaidToBeAdded) {
  // It keeps a byte of each key file wrong.
  class Misstoring : public MemBackend {
   public:
    void save(const FileRef& file, Buffer&& data) override {
      if (file.kind == FileKind::key && misstores) data.data()[data.size() / 2] ^= std::byte{1};
      MemBackend::save(file, std::move(data));
    }
    bool misstores = false;
  };
  Misstoring store;
  const auto repository = test::create_in(store);
  store.misstores = true;
  EXPECT_THAT([&] { add_key(*repository, Secret("safe"), "", "", test::kFastKdf); },
              test::throws_errc(Errc::corrupt));
}

TEST(KeyStore, ListsDamagedKeysAsProblems) {
  MemBackend store;
  const auto repository = test::create_in(store);
  const Id id = add_key(*repository, Secret("second"), "", "", test::kFastKdf);
  test::damage(store, {.kind = FileKind::key, .id = id});
  const KeyListing listing = list_keys(*repository);
  EXPECT_EQ(listing.keys.size(), 1U);
  ASSERT_EQ(listing.problems.size(), 1U);
  EXPECT_NE(listing.problems[0].find(id.short_hex()), std::string::npos);
}

TEST(KeyStore, RemovesOtherKeysOnly) {
  MemBackend store;
  const auto repository = test::create_in(store);
  const Id id = add_key(*repository, Secret("second"), "", "", test::kFastKdf);
  EXPECT_THAT([&] { remove_key(*repository, repository->key_id()); },
              test::throws_errc(Errc::usage));
  remove_key(*repository, id);
  EXPECT_THAT([&] { remove_key(*repository, id); }, test::throws_errc(Errc::not_found));
  EXPECT_THAT([&] { open_with(store, "second"); }, test::throws_errc(Errc::wrong_password));
}

TEST(KeyStore, TwoWhoRemoveEachOthersKeyLeaveOne) {
  MemBackend store;
  const auto first = test::create_in(store);
  const Id id = add_key(*first, Secret("second"), "", "", test::kFastKdf);
  const auto second = open_with(store, "second");
  remove_key(*second, first->key_id());
  EXPECT_THAT([&] { remove_key(*first, id); }, test::throws_errc(Errc::not_found));
  EXPECT_EQ(store.list(FileKind::key).size(), 1U);
  open_with(store, "second");
}

TEST(KeyStore, FindsKeysByTheBeginningOfTheirIds) {
  MemBackend store;
  const auto repository = test::create_in(store);
  EXPECT_EQ(find_key(*repository, repository->key_id().hex().substr(0, 5)), repository->key_id());
  EXPECT_THAT([&] { find_key(*repository, "nothex"); }, test::throws_errc(Errc::not_found));
  EXPECT_THAT([&] { find_key(*repository, ""); }, test::throws_errc(Errc::not_found));
  for (int i = 0; i < 16; ++i) add_key(*repository, Secret("p"), "", "", test::kFastKdf);
  unsigned ambiguous = 0;  // of 17 keys two begin with the same digit
  for (const char digit : std::string("0123456789abcdef")) {
    try {
      find_key(*repository, std::string(1, digit));
    } catch (const Error& e) {
      if (e.code() == Errc::usage) ++ambiguous;
    }
  }
  EXPECT_GE(ambiguous, 1U);
}

TEST(KeyStore, ChangesThePassword) {
  MemBackend store;
  const auto repository = test::create_in(store);
  const Id id = change_password(*repository, Secret("new"), {}, {}, test::kFastKdf);
  EXPECT_EQ(open_with(store, "new")->key_id(), id);
  EXPECT_THAT([&] { open_with(store, "password"); }, test::throws_errc(Errc::wrong_password));
}

TEST(KeyStore, TwoWhoChangeOnePasswordLeaveOne) {
  MemBackend store;
  const auto first = test::create_in(store);
  const auto second = open_with(store, "password");
  const Id id = change_password(*first, Secret("new"), {}, {}, test::kFastKdf);
  EXPECT_THAT([&] { change_password(*second, Secret("newer"), {}, {}, test::kFastKdf); },
              test::throws_errc(Errc::not_found));
  ASSERT_EQ(store.list(FileKind::key).size(), 1U);
  EXPECT_EQ(store.list(FileKind::key).front().id, id);
}

TEST(KeyStore, AKeyThatIsStillThereIsNotRemoved) {
  test::Undeleting store;
  const auto repository = test::create_in(store);
  const Id id = add_key(*repository, Secret("second"), "", "", test::kFastKdf);
  EXPECT_THAT([&] { remove_key(*repository, id); }, test::throws_errc(Errc::io));
  EXPECT_THAT([&] { change_password(*repository, Secret("new"), {}, {}, test::kFastKdf); },
              test::throws_errc(Errc::io));
}

TEST(KeyStore, AKeyThatCannotBeReadKeepsNoOtherFromOpening) {
  MemBackend store;
  const auto repository = test::create_in(store);
  const Id second = add_key(*repository, Secret("second"), "", "", test::kFastKdf);
  for (const Id& bad : {second, repository->key_id()}) {
    const auto hook = [&bad](test::Call call, const FileRef& file) {
      if (call == test::Call::load && file.id == bad) throw Error(Errc::io, "not to be read");
    };
    const std::string good = bad == second ? "password" : "second";
    const auto open = [&](const std::string& password) {
      return Repository::open(std::make_unique<test::Connection>(store, hook), Secret(password),
                              "");
    };
    EXPECT_NO_THROW(open(good));
    EXPECT_THAT([&] { open(bad == second ? "second" : "password"); }, test::throws_errc(Errc::io));
  }
}

TEST(KeyStore, NeverLeavesARepositoryThatNoPasswordOpens) {
  for (unsigned n = 1;; ++n) {
    SCOPED_TRACE(n);
    MemBackend store;
    test::create_in(store);
    test::FailAt fail(n, true);
    bool done = false;
    try {
      const auto repository = test::open_in(store, fail.hook());
      change_password(*repository, Secret("new"), {}, {}, test::kFastKdf);
      done = true;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Errc::io);
    }
    if (done) {
      EXPECT_NO_THROW(open_with(store, "new"));
      break;
    }
    bool opens = false;
    for (const char* password : {"password", "new"}) {
      try {
        open_with(store, password);
        opens = true;
      } catch (const Error&) {  // the other one, then
      }
    }
    EXPECT_TRUE(opens);
  }
}

}  // namespace
}  // namespace medsave
