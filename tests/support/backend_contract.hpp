#pragma once

// What every backend and every decorator must do. A test program includes this once and
// instantiates it: INSTANTIATE_TEST_SUITE_P(All, BackendContract, testing::Values(Candidate{...}),
// candidate_name).
#include "support/matchers.hpp"
#include "support/temp_dir.hpp"

#include "medsave/backend/backend.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace medsave::test {

inline constexpr FileKind kKinds[] = {FileKind::key, FileKind::lock, FileKind::snapshot,
                                      FileKind::index, FileKind::pack};
inline constexpr std::uint64_t kMiB = 1 << 20;

inline Id id_of(unsigned n) {
  Id id;
  id.bytes()[0] = static_cast<std::byte>(n);
  id.bytes()[1] = static_cast<std::byte>(n >> 8U);
  id.bytes()[31] = std::byte{1};
  return id;
}

/// Makes an empty one; the folder is the test's own.
using Make = std::function<std::unique_ptr<Backend>(const TempDir&)>;

struct Candidate {
  std::string name;
  Make make;
};

class BackendContract : public testing::TestWithParam<Candidate> {
 protected:
  void SetUp() override { backend_->create(); }

  void save(const FileRef& file, std::string_view content) {
    backend_->save(file, Buffer(as_bytes(content)));
  }
  std::string load(const FileRef& file, std::uint64_t limit = kMiB) {
    Buffer out(as_bytes("left from before"));
    backend_->load(file, limit, out);
    return std::string(as_text(out.view()));
  }
  std::string load_range(const FileRef& file, std::uint64_t offset, std::size_t length) {
    Buffer out(as_bytes("left from before"));
    backend_->load_range(file, offset, length, out);
    return std::string(as_text(out.view()));
  }

  TempDir temp_{TempDir::memory()};
  std::unique_ptr<Backend> backend_ = GetParam().make(temp_);
};

TEST_P(BackendContract, StartsEmptyAndCreatesTwice) {
  backend_->create();
  for (const FileKind kind : kKinds) EXPECT_TRUE(backend_->list(kind).empty());
  EXPECT_FALSE(backend_->size({.kind = FileKind::config}));
  EXPECT_FALSE(backend_->location().empty());
  EXPECT_GE(backend_->connections(), 1U);
}

TEST_P(BackendContract, GivesBackWhatWasSaved) {
  for (const FileKind kind : kKinds) {
    const FileRef file{.kind = kind, .id = id_of(7)};
    SCOPED_TRACE(describe(file));
    save(file, "0123456789");
    backend_->barrier();
    EXPECT_EQ(backend_->size(file), 10U);
    EXPECT_EQ(load(file), "0123456789");
    EXPECT_EQ(load_range(file, 0, 10), "0123456789");
    EXPECT_EQ(load_range(file, 3, 4), "3456");
    backend_->done_reading(file, 3, 4);  // a hint
    EXPECT_EQ(load_range(file, 3, 4), "3456");
    backend_->drop_from_memory(file);
    EXPECT_EQ(load(file), "0123456789");
    EXPECT_EQ(load_range(file, 10, 0), "");
    const std::vector<ListedFile> listed = backend_->list(kind);
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_EQ(listed[0].id, file.id);
    EXPECT_EQ(listed[0].size, 10U);
  }
}

TEST_P(BackendContract, ConfigIsWrittenOnce) {
  const FileRef config{.kind = FileKind::config};
  save(config, "settings");
  backend_->barrier();
  EXPECT_EQ(load(config), "settings");
  EXPECT_THAT([&] { save(config, "others"); }, throws_errc(Errc::exists));
  EXPECT_EQ(load(config), "settings");
}

TEST_P(BackendContract, SavingTheSameAgainIsFine) {
  const FileRef file{.kind = FileKind::pack, .id = id_of(1)};
  save(file, "content");
  save(file, "content");
  backend_->barrier();
  EXPECT_EQ(load(file), "content");
  EXPECT_EQ(backend_->list(FileKind::pack).size(), 1U);
}

TEST_P(BackendContract, MissingFilesAreNotFound) {
  for (const FileKind kind : {FileKind::config, FileKind::index, FileKind::pack}) {
    const FileRef file{.kind = kind, .id = kind == FileKind::config ? Id{} : id_of(9)};
    EXPECT_FALSE(backend_->size(file));
    EXPECT_THAT([&] { load(file); }, throws_errc(Errc::not_found));
    EXPECT_THAT([&] { load_range(file, 0, 1); }, throws_errc(Errc::not_found));
    EXPECT_NO_THROW(backend_->done_reading(file, 0, 1));
    EXPECT_NO_THROW(backend_->drop_from_memory(file));
    EXPECT_NO_THROW(backend_->remove(file));
  }
}

TEST_P(BackendContract, TooLongAndTooShortAreCorrupt) {
  for (const FileKind kind : {FileKind::index, FileKind::pack}) {
    const FileRef file{.kind = kind, .id = id_of(3)};
    save(file, "0123456789");
    backend_->barrier();
    EXPECT_EQ(load(file, 10), "0123456789");
    EXPECT_THAT([&] { load(file, 9); }, throws_errc(Errc::corrupt));
    EXPECT_THAT([&] { load_range(file, 5, 6); }, throws_errc(Errc::corrupt));
    EXPECT_THAT([&] { load_range(file, 100, 1); }, throws_errc(Errc::corrupt));
  }
}

TEST_P(BackendContract, RemovedFilesAreGoneForGood) {
  for (const FileKind kind : kKinds) {
    const FileRef file{.kind = kind, .id = id_of(4)};
    const FileRef other{.kind = kind, .id = id_of(5)};
    save(file, "x");
    save(other, "y");
    backend_->remove(file);  // also when it is still on its way
    backend_->barrier();
    EXPECT_FALSE(backend_->size(file));
    EXPECT_THAT([&] { load(file); }, throws_errc(Errc::not_found));
    ASSERT_EQ(backend_->list(kind).size(), 1U);
    EXPECT_EQ(backend_->list(kind)[0].id, other.id);
  }
}

TEST_P(BackendContract, EmptyFilesExist) {
  const FileRef file{.kind = FileKind::lock, .id = id_of(6)};
  save(file, "");
  backend_->barrier();
  EXPECT_EQ(backend_->size(file), 0U);
  EXPECT_EQ(load(file), "");
}

TEST_P(BackendContract, ServesManyThreads) {
  constexpr unsigned kThreads = 4;
  constexpr unsigned kFiles = 40;
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < kThreads; ++t) {
      threads.emplace_back([this, t] {
        for (unsigned i = 0; i < kFiles; ++i) {
          const FileRef file{.kind = i % 8 == 0 ? FileKind::index : FileKind::pack,
                             .id = id_of(t * kFiles + i)};
          save(file, describe(file));
          if (i % 16 == 15) backend_->barrier();
        }
      });
    }
  }
  backend_->barrier();
  EXPECT_EQ(backend_->list(FileKind::pack).size() + backend_->list(FileKind::index).size(),
            kThreads * kFiles);
  std::vector<std::jthread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([this] {
      for (const ListedFile& listed : backend_->list(FileKind::pack)) {
        const FileRef file{.kind = FileKind::pack, .id = listed.id};
        EXPECT_EQ(load_range(file, 0, describe(file).size()), describe(file));
      }
    });
  }
}

inline std::string candidate_name(const testing::TestParamInfo<Candidate>& candidate) {
  return candidate.param.name;
}

}  // namespace medsave::test
