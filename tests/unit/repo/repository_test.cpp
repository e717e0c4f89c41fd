#include "medsave/repo/repository.hpp"

#include "key_codec.hpp"
#include "stores.hpp"
#include "support/matchers.hpp"
#include "support/temp_dir.hpp"

#include "medsave/backend/cache_backend.hpp"
#include "medsave/base/random.hpp"
#include "medsave/crypto/seal.hpp"
#include "medsave/crypto/sha256.hpp"
#include "medsave/format/index_file.hpp"
#include "medsave/format/repo_config.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/repo/key_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace medsave {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

FileRef config_file() { return {.kind = FileKind::config}; }

TEST(Repository, IsOpenedAsItWasCreated) {
  for (const std::uint32_t version : {1U, 2U}) {
    MemBackend store;
    const auto created = test::create_in(store, version);
    const auto opened = test::open_in(store);
    EXPECT_EQ(opened->config().version, version);
    EXPECT_EQ(opened->config().id, created->config().id);
    EXPECT_EQ(opened->polynomial(), created->polynomial());
    EXPECT_EQ(opened->key_id(), created->key_id());
    EXPECT_TRUE(std::ranges::equal(opened->key().encrypt_key(), created->key().encrypt_key()));
  }
}

TEST(Repository, ListsThePacksWhileThePasswordIsTried) {
  MemBackend store;
  test::create_in(store);
  store.save({.kind = FileKind::pack, .id = sha256(as_bytes("x"))}, Buffer(as_bytes("x")));
  std::atomic<unsigned> lists = 0;
  for (const bool fails : {false, true}) {
    lists = 0;
    const auto hook = [&](test::Call call, const FileRef& file) {
      if (call != test::Call::list || file.kind != FileKind::pack) return;
      if (++lists == 1 && fails) throw Error(Errc::io, "injected");
    };
    const auto opened = Repository::open(std::make_unique<test::Connection>(store, hook),
                                         Secret("password"), "", true);
    EXPECT_EQ(opened->packs_at_opening().size(), 1U);
    EXPECT_EQ(lists, fails ? 2U : 1U);
  }
}

TEST(Repository, TakesTheGivenPolynomial) {
  MemBackend store;
  const auto polynomial = Polynomial::parse("2bce9c8286df81");
  ASSERT_TRUE(polynomial);
  Repository::create(std::make_unique<test::Connection>(store), Secret("password"),
                     {.version = 2, .polynomial = polynomial, .kdf = test::kFastKdf});
  EXPECT_EQ(test::open_in(store)->polynomial(), *polynomial);
}

TEST(Repository, IsNotCreatedOverWhatIsThere) {
  for (const FileKind kind :
       {FileKind::config, FileKind::snapshot, FileKind::index, FileKind::pack}) {
    MemBackend store;
    store.save({.kind = kind, .id = {}}, Buffer(as_bytes("x")));
    EXPECT_THAT([&] { test::create_in(store); }, test::throws_errc(Errc::exists));
  }
}

TEST(Repository, CanBeCreatedAgainAfterAnyFailure) {
  for (unsigned n = 1;; ++n) {
    SCOPED_TRACE(n);
    MemBackend store;
    test::FailAt fail(n);
    try {
      test::create_in(store, 2, fail.hook());
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Errc::io);
      EXPECT_NO_THROW(test::create_in(store));
    }
    EXPECT_NO_THROW(test::open_in(store));
    if (!fail.fired()) break;
  }
}

TEST(Repository, LeavesTheConfigOfAnotherCreatorAlone) {
  MemBackend store;
  const auto hook = [&](test::Call call, const FileRef& file) {
    if (call == test::Call::save && file.kind == FileKind::config && !store.size(config_file())) {
      store.save(config_file(), Buffer(as_bytes("the other one's")));
    }
  };
  EXPECT_THAT([&] { test::create_in(store, 2, hook); }, test::throws_errc(Errc::exists));
  EXPECT_TRUE(store.size(config_file()));
}

/// A key file whose `init` was killed before it stored the config.
Id leave_stray_key(MemBackend& store, const std::string& password) {
  const auto repository =
      Repository::create(std::make_unique<test::Connection>(store), Secret(password),
                         {.version = 2, .polynomial = {}, .kdf = test::kFastKdf});
  store.remove(config_file());
  return repository->key_id();
}

TEST(Repository, CreatingGoesOnWithTheKeyOfOneThatWasCutShort) {
  MemBackend store;
  const Id stray = leave_stray_key(store, "password");
  EXPECT_EQ(test::create_in(store)->key_id(), stray);
  EXPECT_EQ(test::open_in(store)->key_id(), stray);
  EXPECT_EQ(store.list(FileKind::key).size(), 1U);
}

TEST(Repository, CreatingClearsKeysThatOpenNothing) {
  MemBackend store;
  leave_stray_key(store, "another password");
  MemBackend from;
  const Id damaged = leave_stray_key(from, "password");
  test::damage(from, {.kind = FileKind::key, .id = damaged});
  Buffer content;
  from.load({.kind = FileKind::key, .id = damaged}, ~0ULL, content);
  store.save({.kind = FileKind::key, .id = damaged}, std::move(content));
  const auto hook = [&](test::Call call, const FileRef& file) {
    if (call != test::Call::save || file.kind != FileKind::config) return;
    // The damaged one would keep restic from opening what may be there from now on.
    EXPECT_FALSE(store.size({.kind = FileKind::key, .id = damaged}));
  };
  const auto created = test::create_in(store, 2, hook);
  EXPECT_EQ(test::only_file(store, FileKind::key), created->key_id());
  EXPECT_EQ(store.list(FileKind::key).size(), 1U);
  EXPECT_EQ(test::open_in(store)->key_id(), created->key_id());
}

TEST(Repository, LeavesItsKeyToAnotherCreatorWhoGoesOnWithIt) {
  MemBackend store;
  bool first = true;
  const auto hook = [&](test::Call call, const FileRef& file) {
    if (call != test::Call::save || file.kind != FileKind::config || !first) return;
    first = false;
    test::create_in(store);
  };
  EXPECT_THAT([&] { test::create_in(store, 2, hook); }, test::throws_errc(Errc::exists));
  EXPECT_FALSE(first);
  EXPECT_NO_THROW(test::open_in(store));
}

TEST(Repository, SaysWhenThereIsNone) {
  MemBackend store;
  EXPECT_THAT([&] { test::open_in(store); }, test::throws_errc(Errc::no_repository));
}

TEST(Repository, RefusesAWrongPassword) {
  MemBackend store;
  test::create_in(store);
  EXPECT_THAT(
      [&] { Repository::open(std::make_unique<test::Connection>(store), Secret("passwort"), ""); },
      test::throws_errc(Errc::wrong_password));
}

TEST(Repository, NamesTheDamagedKeyFile) {
  MemBackend store;
  const auto repository = test::create_in(store);
  test::damage(store, {.kind = FileKind::key, .id = repository->key_id()});
  EXPECT_THAT([&] { test::open_in(store); }, test::throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { test::open_in(store); },
              ThrowsMessage<Error>(HasSubstr(repository->key_id().short_hex())));
}

TEST(Repository, OpensByAnotherKeyThanADamagedOrVanishedOne) {
  MemBackend store;
  const auto repository = test::create_in(store);
  std::vector<Id> others;
  for (int i = 0; i < 8; ++i) {  // some of them are tried before the right one
    others.push_back(add_key(*repository, Secret("other"), "", "", test::kFastKdf));
    test::damage(store, {.kind = FileKind::key, .id = others.back()});
  }
  EXPECT_EQ(test::open_in(store)->key_id(), repository->key_id());
  const auto vanish = [&](test::Call call, const FileRef& file) {
    if (call == test::Call::load && std::ranges::find(others, file.id) != others.end()) {
      throw Error(Errc::not_found, "gone");
    }
  };
  EXPECT_EQ(test::open_in(store, vanish)->key_id(), repository->key_id());
  EXPECT_THAT(
      [&] {
        Repository::open(std::make_unique<test::Connection>(store, vanish), Secret("passwort"), "");
      },
      test::throws_errc(Errc::wrong_password));
}

/// A key file as somebody writes it who wants whoever tries it to wait for hours.
Id leave_costly_key(MemBackend& store) {
  KeyFile file;
  file.n = 1U << 19U;
  file.r = 8;
  file.p = 4096;
  file.salt.resize(kSaltSize);
  file.data.resize(200);
  Buffer stored(as_bytes(encode_key_file(file)));
  const Id id = sha256(stored.view());
  store.save({.kind = FileKind::key, .id = id}, std::move(stored));
  return id;
}

TEST(Repository, DoesNotTryAKeyThatCostsTooMuch) {
  MemBackend store;
  const auto repository = test::create_in(store);
  const Id costly = leave_costly_key(store);
  const auto open = [&] {
    return Repository::open(std::make_unique<test::Connection>(store), Secret("password"),
                            costly.hex());
  };
  EXPECT_EQ(open()->key_id(), repository->key_id());
  store.remove({.kind = FileKind::key, .id = repository->key_id()});
  EXPECT_THAT(open, test::throws_errc(Errc::unsupported));
  EXPECT_THAT(open, ThrowsMessage<Error>(HasSubstr(costly.short_hex())));
}

TEST(Repository, ReportsADamagedOrEmptyConfig) {
  MemBackend store;
  test::create_in(store);
  test::damage(store, config_file());
  EXPECT_THAT([&] { test::open_in(store); }, test::throws_errc(Errc::corrupt));
  store.overwrite(config_file(), Buffer());
  EXPECT_THAT([&] { test::open_in(store); }, test::throws_errc(Errc::corrupt));
}

TEST(Repository, KnowsItsOwnConfigAmongThoseOfOthers) {
  MemBackend store;
  MemBackend other;
  test::create_in(store);
  test::create_in(other);
  std::vector<Buffer> configs(2);
  other.load(config_file(), 1 << 20, configs[0]);
  store.load(config_file(), 1 << 20, configs[1]);
  store.remove(config_file());
  const Secret password("password");
  const auto which_of = [&](MemBackend& backend) -> std::optional<std::size_t> {
    const auto own = Repository::find_own_config(backend, password, "", configs);
    return own ? std::optional(own->which) : std::nullopt;
  };
  EXPECT_EQ(which_of(store), 1U);
  EXPECT_EQ(which_of(other), 0U);
  configs.pop_back();
  EXPECT_EQ(which_of(store), std::nullopt);
  EXPECT_THAT([&] { Repository::find_own_config(store, Secret("wrong"), "", configs); },
              test::throws_errc(Errc::wrong_password));
}

TEST(Repository, AConfigFromBeforeTheUpgradeIsRaisedToWhatTheRepositoryHolds) {
  for (const bool has_new_files : {false, true}) {
    MemBackend store;
    const auto repository = test::create_in(store, 1);
    repository->save_json(FileKind::index, R"({"packs":[]})");
    std::vector<Buffer> configs(1);
    store.load(config_file(), 1 << 20, configs[0]);
    RepoConfig config = repository->config();
    config.version = 2;
    Buffer sealed;
    seal(repository->key(), as_bytes(encode_repo_config(config)), sealed, system_random());
    store.overwrite(config_file(), std::move(sealed));
    if (has_new_files) {
      test::open_in(store)->save_json(FileKind::index, R"({"packs":[ ]})");
    }
    store.remove(config_file());
    auto own = Repository::find_own_config(store, Secret("password"), "", configs);
    ASSERT_TRUE(own);
    store.save(config_file(), std::move(own->sealed));
    const auto opened = test::open_in(store);
    EXPECT_EQ(opened->config().version, has_new_files ? 2U : 1U);
    EXPECT_EQ(opened->config().id, config.id);
    EXPECT_EQ(opened->config().chunker_polynomial, config.chunker_polynomial);
  }
}

TEST(Repository, TriesTwentyKeysAndTheHintedOneFirst) {
  MemBackend store;
  const auto repository = test::create_in(store);
  for (int i = 0; i < 60; ++i) {
    save_key_file(store, repository->key(), Secret("other " + std::to_string(i)), "", "",
                  test::kFastKdf);
  }
  unsigned wrong = 0;
  for (int i = 0; i < 60; ++i) {
    try {
      Repository::open(std::make_unique<test::Connection>(store),
                       Secret("other " + std::to_string(i)), "");
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Errc::usage);
      ++wrong;
    }
  }
  EXPECT_GE(wrong, 40U);
  for (const KeyInfo& key : list_keys(*repository).keys) {
    if (!key.current) continue;
    const auto opened = Repository::open(std::make_unique<test::Connection>(store),
                                         Secret("password"), key.id.hex().substr(0, 12));
    EXPECT_EQ(opened->key_id(), key.id);
  }
}

TEST(Repository, StoresJsonAndFindsItAgain) {
  for (const std::uint32_t version : {1U, 2U}) {
    MemBackend store;
    const auto repository = test::create_in(store, version);
    const std::string json = "{\"text\":\"" + std::string(5000, 'x') + "\"}";
    const Id id = repository->save_json(FileKind::snapshot, json);
    Buffer loaded;
    repository->load_json({.kind = FileKind::snapshot, .id = id}, loaded);
    EXPECT_EQ(as_text(loaded.view()), json);
    const bool small = *store.size({.kind = FileKind::snapshot, .id = id}) < 1000;
    EXPECT_EQ(small, version == 2);
  }
}

TEST(Repository, ReportsDamageOfAFileByItsName) {
  MemBackend store;
  const auto repository = test::create_in(store);
  const Id id = repository->save_json(FileKind::snapshot, "{}");
  const FileRef file{.kind = FileKind::snapshot, .id = id};
  test::damage(store, file);
  Buffer loaded;
  EXPECT_THAT([&] { repository->load_json(file, loaded); }, test::throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { repository->load_json(file, loaded); },
              ThrowsMessage<Error>(HasSubstr(id.short_hex())));
  EXPECT_THAT([&] { repository->load_json({.kind = FileKind::index, .id = id}, loaded); },
              test::throws_errc(Errc::not_found));
}

TEST(Repository, ReportsAFileThatAnotherKeySealed) {
  MemBackend store;
  MemBackend other;
  const auto repository = test::create_in(store);
  const Id id = test::create_in(other)->save_json(FileKind::snapshot, "{}");
  const FileRef file{.kind = FileKind::snapshot, .id = id};
  Buffer stolen;
  other.load(file, 1000, stolen);
  store.save(file, std::move(stolen));
  Buffer loaded;
  EXPECT_THAT([&] { repository->load_json(file, loaded); }, test::throws_errc(Errc::corrupt));
}

IndexedPack pack_of(std::byte name, std::uint32_t plain_length) {
  IndexedPack pack;
  pack.pack.bytes()[0] = name;
  pack.blobs.push_back({.kind = BlobKind::data,
                        .id = sha256(as_bytes("blob")),
                        .offset = 0,
                        .stored_length = 50,
                        .plain_length = plain_length});
  return pack;
}

TEST(Repository, ReadsAPackFromTheMediumPastCacheAndMemory) {
  MemBackend store;
  test::create_in(store);
  const Id pack = sha256(as_bytes("stored"));
  store.save({.kind = FileKind::pack, .id = pack}, Buffer(as_bytes("stored")));
  std::vector<test::Call> calls;
  const auto repository = test::open_in(store, [&](test::Call call, const FileRef& file) {
    if (file.id == pack) calls.push_back(call);
  });
  const test::TempDir cache;
  repository->use_cache(cache.path());
  repository->cache()->note_tree_pack(pack);
  Buffer out;
  repository->backend().load_range({.kind = FileKind::pack, .id = pack}, 0, 1, out);
  calls.clear();
  repository->load_pack(pack, 6, ReadFrom::repository, out);
  EXPECT_EQ(as_text(out.view()), "stored");
  EXPECT_THAT(calls, testing::ElementsAre(test::Call::load));
  calls.clear();
  repository->load_pack(pack, 6, ReadFrom::medium, out);
  EXPECT_EQ(as_text(out.view()), "stored");
  EXPECT_THAT(calls, testing::ElementsAre(test::Call::drop_from_memory, test::Call::load));
}

TEST(LoadIndex, JoinsAllFilesAndReportsDuplicates) {
  MemBackend store;
  const auto repository = test::create_in(store);
  const IndexedPack a = pack_of(std::byte{1}, 0);
  const IndexedPack b = pack_of(std::byte{2}, 0);
  repository->save_json(FileKind::index, encode_index({a}));
  repository->save_json(FileKind::index, encode_index({a, b}));
  LoadIndexReport report;
  Progress progress;
  const auto index = load_index(*repository, {}, &report, &progress);
  EXPECT_EQ(index->blob_count(), 2U);
  EXPECT_EQ(report.files, 2U);
  EXPECT_EQ(report.duplicate_packs, std::vector<Id>{a.pack});
  EXPECT_TRUE(report.problems.empty());
  EXPECT_EQ(progress.done_items, 2U);
}

TEST(LoadIndex, GoesOnAfterADamagedFileOnlyForAReport) {
  MemBackend store;
  const auto repository = test::create_in(store);
  repository->save_json(FileKind::index, encode_index({pack_of(std::byte{1}, 0)}));
  const Id bad = repository->save_json(FileKind::index, encode_index({pack_of(std::byte{2}, 0)}));
  test::damage(store, {.kind = FileKind::index, .id = bad});
  EXPECT_THAT([&] { load_index(*repository, {}); }, test::throws_errc(Errc::corrupt));
  LoadIndexReport report;
  const auto index = load_index(*repository, {}, &report);
  EXPECT_EQ(index->packs().size(), 1U);
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_EQ(report.problems[0].index, bad);
}

TEST(LoadIndex, RefusesCompressedBlobsInVersion1) {
  MemBackend store;
  const auto repository = test::create_in(store, 1);
  repository->save_json(FileKind::index, encode_index({pack_of(std::byte{1}, 70)}));
  EXPECT_THAT([&] { load_index(*repository, {}); }, test::throws_errc(Errc::corrupt));
}

TEST(LoadIndex, CanBeInterrupted) {
  MemBackend store;
  const auto repository = test::create_in(store);
  repository->save_json(FileKind::index, encode_index({pack_of(std::byte{1}, 0)}));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(load_index(*repository, stop.get_token()), Interrupted);
}

}  // namespace
}  // namespace medsave
