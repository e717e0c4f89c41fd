#include "medsave/remote/rest_backend.hpp"

#include "rest_listing.hpp"
#include "scripted_store.hpp"
#include "support/matchers.hpp"

#include "medsave/base/id.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace medsave::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr FileRef kConfig = {.kind = FileKind::config, .id = {}};

FileRef pack_of(unsigned n) {
  FileRef file{.kind = FileKind::pack, .id = {}};
  file.id.bytes()[0] = static_cast<std::byte>(n);
  return file;
}

class RestBackendTest : public testing::Test {
 protected:
  void serve(ScriptedStore::Answer answer) {
    backend_.reset();
    store_ = std::make_unique<ScriptedStore>(std::move(answer));
    backend_ = make_rest_backend("http://me:secret@" + store_->host() + "/repo/", {});
  }
  void always(std::string answer) {
    serve([answer = std::move(answer)](const SeenRequest&, std::size_t) { return answer; });
  }
  /// What each method is answered.
  void by_method(std::map<std::string, std::string> answers) {
    serve([answers = std::move(answers)](const SeenRequest& request, std::size_t) {
      const auto found = answers.find(request.method);
      return found == answers.end() ? "500 Unexpected\r\n\r\n" : found->second;
    });
  }
  void save(const FileRef& file, std::string_view content) {
    backend_->save(file, Buffer(as_bytes(content)));
  }
  std::string load(const FileRef& file) {
    Buffer out;
    backend_->load(file, 1000, out);
    return std::string(as_text(out.view()));
  }
  std::string load_range(std::uint64_t offset, std::size_t length) {
    Buffer out;
    backend_->load_range(pack_of(1), offset, length, out);
    return std::string(as_text(out.view()));
  }
  std::vector<ListedFile> list(const std::string& json) {
    always("200 OK\r\n\r\n" + json);
    return backend_->list(FileKind::pack);
  }

  std::unique_ptr<ScriptedStore> store_;
  std::unique_ptr<Backend> backend_;
};

TEST_F(RestBackendTest, AsksForPathsOfTheProtocol) {
  always("200 OK\r\nContent-Length: 0\r\n\r\n");
  backend_->create();
  backend_->size(kConfig);
  backend_->remove(pack_of(0xab));
  backend_->size({.kind = FileKind::snapshot, .id = {}});
  const std::vector<SeenRequest> seen = store_->seen();
  const std::string zeros(62, '0');
  EXPECT_EQ(seen.at(0).target, "/repo/?create=true");
  EXPECT_EQ(seen.at(1).target, "/repo/config");
  EXPECT_EQ(seen.at(2).target, "/repo/data/ab" + zeros);
  EXPECT_EQ(seen.at(3).target, "/repo/snapshots/00" + zeros);
}

TEST_F(RestBackendTest, ASnapshotWhoseNameIsInUpperCaseIsNotOverlooked) {
  for (const char* text : {R"(["%"])", R"([{"name":"%","size":1}])"}) {
    std::string json = text;
    json.replace(json.find('%'), 1, std::string(64, 'A'));
    EXPECT_TRUE(list(json).empty());
    EXPECT_THAT([&] { backend_->list(FileKind::snapshot); }, throws_errc(Errc::corrupt));
    EXPECT_THAT([&] { backend_->list(FileKind::index); }, throws_errc(Errc::corrupt));
  }
}

TEST_F(RestBackendTest, WhatFailsInOpeningIsAbsent) {
  serve([](const SeenRequest& request, std::size_t) -> std::string {
    if (request.target == "/repo/config") return "200 OK\r\n\r\nsealed";
    if (request.target == "/repo/keys/") return "200 OK\r\n\r\n[]";
    return "500 Broken\r\n\r\n";
  });
  const Opening opening = backend_->load_opening();
  EXPECT_EQ(as_text(opening.config.value().view()), "sealed");
  EXPECT_TRUE(opening.keys.value().empty());
  EXPECT_FALSE(opening.locks);
  EXPECT_EQ(store_->seen().size(), 3U);
}

TEST_F(RestBackendTest, StatusesBecomeErrorsThatShowNoPassword) {
  const std::map<int, Errc> codes = {
      {400, Errc::usage},       {401, Errc::permission},  {403, Errc::permission},
      {404, Errc::not_found},   {405, Errc::unsupported}, {408, Errc::io},
      {413, Errc::no_space},    {429, Errc::io},          {500, Errc::io},
      {501, Errc::unsupported}, {503, Errc::io},          {507, Errc::no_space},
      {301, Errc::usage},       {204, Errc::unsupported}};
  for (const auto& [status, code] : codes) {
    SCOPED_TRACE(status);
    always(std::to_string(status) + " Is\r\n\r\n");
    try {
      load(pack_of(1));
      ADD_FAILURE() << "accepted";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code);
      EXPECT_THAT(e.what(), HasSubstr("me:***@127.0.0.1"));
      EXPECT_THAT(e.what(), Not(HasSubstr("secret")));
    }
  }
}

TEST_F(RestBackendTest, WebPagesAreNoFiles) {
  always("200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html>log in</html>");
  EXPECT_THAT([&] { load(pack_of(1)); }, throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { load_range(0, 4); }, throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { backend_->size(kConfig); }, throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { backend_->list(FileKind::key); }, throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { save(pack_of(1), "x"); }, throws_errc(Errc::corrupt));
}

TEST_F(RestBackendTest, HttpToAnHttpsServerIsExplained) {
  always("400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.");
  EXPECT_THAT([&] { load(pack_of(1)); }, throws_errc(Errc::usage));
  EXPECT_THAT([&] { save(pack_of(1), "x"); }, throws_errc(Errc::usage));
}

TEST_F(RestBackendTest, WhatTheServerStoredIsCompared) {
  by_method({{"POST", "200 OK\r\n\r\n"},
             {"HEAD", "200 OK\r\nContent-Length: 4\r\n\r\n"},
             {"DELETE", "200 OK\r\n\r\n"}});
  save(pack_of(1), "1234");
  EXPECT_EQ(store_->seen().size(), 2U);
  EXPECT_THAT([&] { save(pack_of(1), "12345"); }, throws_errc(Errc::io));
  EXPECT_EQ(store_->seen().back().method, "DELETE");
  save({.kind = FileKind::lock, .id = {}}, "12345");
  EXPECT_EQ(store_->seen().back().method, "POST");
}

TEST_F(RestBackendTest, ARefusedFileMayBeThereAlready) {
  by_method({{"POST", "403 Forbidden\r\n\r\n"}, {"HEAD", "200 OK\r\nContent-Length: 4\r\n\r\n"}});
  save(pack_of(1), "1234");
  EXPECT_THAT([&] { save(pack_of(1), "12345"); }, throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { save(kConfig, "1234"); }, throws_errc(Errc::exists));
  by_method({{"POST", "403 Forbidden\r\n\r\n"}, {"HEAD", "404 Not Found\r\n\r\n"}});
  EXPECT_THAT([&] { save(pack_of(1), "1234"); }, throws_errc(Errc::permission));
  EXPECT_THAT([&] { save(kConfig, "1234"); }, throws_errc(Errc::permission));
}

TEST_F(RestBackendTest, ContentThatArrivedDamagedIsSentAgain) {
  by_method({{"POST", "400 Bad Request\r\n\r\nhash mismatch"}});
  EXPECT_THAT([&] { save(pack_of(1), "1234"); }, throws_errc(Errc::io));
}

TEST_F(RestBackendTest, AConfigWhoseAnswerWasLostIsOurs) {
  bool stored = false;
  serve([&stored](const SeenRequest& request, std::size_t) -> std::string {
    if (request.method == "POST") {
      stored = true;
      return "500 Lost\r\n\r\n";
    }
    return stored ? "200 OK\r\n\r\nmine" : "404 Not Found\r\n\r\n";
  });
  EXPECT_THAT([&] { save(kConfig, "mine"); }, throws_errc(Errc::io));
  EXPECT_NO_THROW(save(kConfig, "mine"));
  EXPECT_THAT([&] { save(kConfig, "oth."); }, throws_errc(Errc::exists));
}

TEST_F(RestBackendTest, ConfigIsNeverOverwritten) {
  by_method({{"POST", "200 OK\r\n\r\n"}, {"HEAD", "200 OK\r\nContent-Length: 4\r\n\r\n"}});
  EXPECT_THAT([&] { save(kConfig, "1234"); }, throws_errc(Errc::exists));
  EXPECT_EQ(store_->seen().size(), 1U);
}

TEST_F(RestBackendTest, RangesAreWhatWasAskedFor) {
  always("206 Partial Content\r\n\r\n3456");
  EXPECT_EQ(load_range(3, 4), "3456");
  EXPECT_THAT(store_->seen().at(0).head, HasSubstr("Range: bytes=3-6"));
  EXPECT_THAT([&] { load_range(3, 3); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { load_range(3, 5); }, throws_errc(Errc::corrupt));
  always("206 Partial Content\r\nContent-Range: bytes 3-7/100\r\n\r\n3456");
  EXPECT_THAT([&] { load_range(3, 5); }, throws_errc(Errc::io)) << "cut on its way";
  always("416 Range Not Satisfiable\r\n\r\n");
  EXPECT_THAT([&] { load_range(3, 5); }, throws_errc(Errc::corrupt));
}

TEST_F(RestBackendTest, AServerThatKnowsNoRangesWillDo) {
  always("200 OK\r\n\r\n0123456789");
  EXPECT_EQ(load_range(3, 4), "3456");
  EXPECT_THAT([&] { load_range(8, 4); }, throws_errc(Errc::corrupt));
  EXPECT_THAT([&] { load_range(80, 4); }, throws_errc(Errc::corrupt));
}

TEST_F(RestBackendTest, ListsVersionTwo) {
  const std::string id = pack_of(1).id.hex();
  const auto files = list(R"([{"name":")" + id +
                          R"(","size":7,"more":{"size":[1,{"name":null}]}},
                              {"name":"../../etc/passwd","size":1}, {"size":2,"name":"ABCDEF"},
                              {"name":")" +
                          id + R"(","size":7}])");
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].id, pack_of(1).id);
  EXPECT_EQ(files[0].size, 7U);
  EXPECT_THAT(store_->seen().at(0).head, HasSubstr("Accept: application/vnd.x.restic.rest.v2"));
  EXPECT_EQ(store_->seen().at(0).target, "/repo/data/");
  EXPECT_TRUE(list("[]").empty());
  EXPECT_TRUE(list("null").empty());
}

TEST_F(RestBackendTest, ListsVersionOneAndAsksForTheSizes) {
  bool deleted = false;
  serve([&deleted](const SeenRequest& request, std::size_t before) -> std::string {
    if (request.method == "GET") {
      const std::string two = before != 0 && deleted ? "x" : pack_of(2).id.hex();
      return "200 OK\r\n\r\n[\"" + pack_of(1).id.hex() + "\",\"" + two + "\",\"x\"]";
    }
    if (request.target.ends_with(pack_of(2).id.hex())) return "404 Not Found\r\n\r\n";
    return "200 OK\r\nContent-Length: 12\r\n\r\n";
  });
  EXPECT_THAT([&] { backend_->list(FileKind::pack); }, throws_errc(Errc::io))
      << "it is listed, but has no size";
  deleted = true;
  const std::vector<ListedFile> files = backend_->list(FileKind::pack);
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].size, 12U);
}

TEST_F(RestBackendTest, ListsThatLieAreRefused) {
  const std::string id = pack_of(1).id.hex();
  for (const std::string& json :
       {std::string(), std::string("{}"), std::string("7"), std::string("\"x\""),
        std::string("true"), std::string("[null]"), std::string("[[]]"), std::string("[1]"),
        std::string("[{}]"), R"([{"name":")" + id + "\"}]", std::string(R"([{"size":1}])"),
        R"([{"name":")" + id + R"(","size":-1}])", R"([{"name":")" + id + R"(","size":1e30}])",
        R"([{"name":")" + id + R"(","size":18446744073709551615}])",
        R"([{"name":")" + id + R"(","size":"1"}])", R"([{"name":")" + id + R"(","size":1}] x)",
        R"([{"name":")" + id + R"(","size":1})", std::string("<html>"),
        std::string(100'000, '[')}) {
    SCOPED_TRACE(json.substr(0, 100));
    EXPECT_THAT([&] { list(json); }, throws_errc(Errc::corrupt));
  }
}

TEST_F(RestBackendTest, ListsThatDoNotEndAreRefusedByName) {
  always("200 OK\r\nContent-Length: 1099511627776\r\n\r\n[");
  const auto listing = [this] { backend_->list(FileKind::snapshot); };
  EXPECT_THAT(listing, throws_errc(Errc::corrupt));
  EXPECT_THAT(listing, testing::ThrowsMessage<Error>(HasSubstr("snapshot")));
}

TEST_F(RestBackendTest, AFolderThatIsNotThereIsEmpty) {
  always("404 Not Found\r\n\r\n");
  EXPECT_TRUE(backend_->list(FileKind::pack).empty());
}

/// A repository behind a server of which `absent` says what is answered with 404.
ScriptedStore::Answer repository(std::string server, std::vector<std::string> absent,
                                 std::vector<std::string> empty = {}) {
  return [=](const SeenRequest& request, std::size_t) -> std::string {
    const std::string path = request.target.substr(std::string("/repo/").size());
    const std::string head = " OK\r\nServer: " + server + "\r\n\r\n";
    if (path == "config") return "200" + head + "sealed";
    const std::string folder = path.substr(0, path.find('/'));
    const auto names = [&](const std::vector<std::string>& list) {
      return std::ranges::find(list, folder) != list.end();
    };
    if (names(absent)) return "404" + head;
    if (names(empty)) return "200" + head + "[]";
    return "200" + head + R"([{"name":")" + pack_of(1).id.hex() + R"(","size":7}])";
  };
}

TEST_F(RestBackendTest, WhatIsNotFoundOfARepositoryIsAFailure) {
  for (const auto& part : std::map<std::string, FileKind>{{"keys", FileKind::key},
                                                          {"snapshots", FileKind::snapshot},
                                                          {"index", FileKind::index},
                                                          {"data", FileKind::pack}}) {
    const std::string& folder = part.first;
    const FileKind kind = part.second;
    SCOPED_TRACE(folder);
    serve(repository("other", {folder}));
    EXPECT_THAT([&] { backend_->list(kind); }, throws_errc(Errc::io));
    serve(repository("other", {"snapshots", "index", folder}));
    if (folder != "data") {
      EXPECT_THAT([&] { backend_->list(kind); }, throws_errc(Errc::io));
    }
  }
  serve(repository("other", {"keys", "snapshots", "index", "data"}));
  EXPECT_THAT([&] { backend_->list(FileKind::snapshot); }, throws_errc(Errc::io));
}

TEST_F(RestBackendTest, WhereNothingWasStoredYetAFolderMayBeAbsent) {
  serve(repository("other", {"snapshots", "index", "data", "locks"}));
  for (const FileKind kind :
       {FileKind::lock, FileKind::snapshot, FileKind::index, FileKind::pack}) {
    EXPECT_TRUE(backend_->list(kind).empty());
  }
}

TEST_F(RestBackendTest, ARepositoryThatWasThereIsNotAbsent) {
  bool gone = false;
  serve([&gone](const SeenRequest& request, std::size_t) -> std::string {
    if (gone || request.target != "/repo/config") return "404 Not Found\r\n\r\n";
    return "200 OK\r\n\r\nsealed";
  });
  EXPECT_TRUE(backend_->list(FileKind::lock).empty());
  EXPECT_EQ(load(kConfig), "sealed");
  gone = true;
  EXPECT_THAT([&] { backend_->list(FileKind::snapshot); }, throws_errc(Errc::io));
}

TEST_F(RestBackendTest, RcloneSaysNotFoundWhereItFailed) {
  serve(repository("rclone/v1.60.1-DEV", {"snapshots", "index", "data", "locks"}));
  for (const FileKind kind :
       {FileKind::lock, FileKind::snapshot, FileKind::index, FileKind::pack}) {
    EXPECT_THAT([&] { backend_->list(kind); }, throws_errc(Errc::io));
  }
}

TEST_F(RestBackendTest, RcloneListsNothingOfARemoteThatIsGone) {
  serve(repository("rclone/v1.75.2", {}, {"snapshots", "index", "data", "keys", "locks"}));
  EXPECT_EQ(load(kConfig), "sealed");  // it remembers that
  EXPECT_THAT([&] { backend_->list(FileKind::snapshot); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { backend_->list(FileKind::pack); }, throws_errc(Errc::io));
  serve(repository("rclone/v1.75.2", {}, {"snapshots", "index", "data", "locks"}));
  EXPECT_EQ(load(kConfig), "sealed");
  EXPECT_TRUE(backend_->list(FileKind::snapshot).empty());
  EXPECT_TRUE(backend_->list(FileKind::pack).empty());
}

TEST_F(RestBackendTest, AKeyThatRcloneStillListsIsNotDeleted) {
  const FileRef key{.kind = FileKind::key, .id = pack_of(1).id};
  const FileRef other{.kind = FileKind::key, .id = pack_of(2).id};
  serve([](const SeenRequest& request, std::size_t) -> std::string {
    const std::string head = "\r\nServer: rclone/v1.60.1-DEV\r\n\r\n";
    if (!request.target.ends_with("/keys/")) return "404 Not Found" + head;
    return "200 OK" + head + R"([{"name":")" + pack_of(1).id.hex() + R"(","size":7}])";
  });
  EXPECT_THAT([&] { backend_->remove(key); }, throws_errc(Errc::io));
  EXPECT_NO_THROW(backend_->remove(other));
}

TEST_F(RestBackendTest, AFileIsNotMissingThatTheServerKnows) {
  // As rclone does that cannot read a file.
  by_method({{"GET", "404 Not Found\r\n\r\n"}, {"HEAD", "200 OK\r\n\r\n1234"}});
  for (const FileKind kind : {FileKind::config, FileKind::key, FileKind::lock, FileKind::snapshot,
                              FileKind::index, FileKind::pack}) {
    EXPECT_THAT([&] { load({.kind = kind}); }, throws_errc(Errc::io)) << file_kind_name(kind);
  }
  EXPECT_THAT([&] { load_range(0, 4); }, throws_errc(Errc::io));
  always("404 Not Found\r\n\r\n");
  EXPECT_THAT([&] { load(kConfig); }, throws_errc(Errc::not_found));
  EXPECT_THAT([&] { load_range(0, 4); }, throws_errc(Errc::not_found));
}

TEST_F(RestBackendTest, AFileIsNotMissingThatRcloneLists) {
  serve([](const SeenRequest& request, std::size_t) -> std::string {
    const std::string head = "\r\nServer: rclone/v1.75.2\r\n\r\n";
    if (!request.target.ends_with("/")) return "404 Not Found" + head;
    return "200 OK" + head + R"([{"name":")" + pack_of(1).id.hex() + R"(","size":7}])";
  });
  for (const FileKind kind : {FileKind::key, FileKind::lock, FileKind::snapshot, FileKind::index}) {
    const FileRef listed{.kind = kind, .id = pack_of(1).id};
    EXPECT_THAT([&] { backend_->size(listed); }, throws_errc(Errc::io)) << file_kind_name(kind);
    EXPECT_THAT([&] { load(listed); }, throws_errc(Errc::io)) << file_kind_name(kind);
    EXPECT_FALSE(backend_->size({.kind = kind, .id = pack_of(2).id}));
  }
  // No list names it, but the repository has an index.
  EXPECT_THAT([&] { load(kConfig); }, throws_errc(Errc::io));
  EXPECT_FALSE(backend_->size(kConfig)) << "whoever replaces it deletes it first";
  EXPECT_FALSE(backend_->size(pack_of(1))) << "a list of all packs for each would take long";
}

TEST_F(RestBackendTest, WhatWasTakenButIsNotThereIsNotStored) {
  by_method({{"POST", "200 OK\r\n\r\n"},
             {"HEAD", "404 Not Found\r\n\r\n"},
             {"DELETE", "404 Not Found\r\n\r\n"}});
  for (const FileKind kind :
       {FileKind::pack, FileKind::index, FileKind::snapshot, FileKind::key, FileKind::config}) {
    EXPECT_THAT([&] { save({.kind = kind, .id = {}}, "1234"); }, throws_errc(Errc::io));
  }
}

TEST_F(RestBackendTest, AnotherPartThanWasAskedForIsAFailure) {
  for (const char* range : {"bytes 0-3/100", "bytes 4-7/100", "bytes 3-7/100", "bytes 3-4/100",
                            "bytes 6-3/100", "bytes */100", "lines 3-6/100"}) {
    always(std::string("206 Partial Content\r\nContent-Range: ") + range + "\r\n\r\n3456");
    EXPECT_THAT([&] { load_range(3, 4); }, throws_errc(Errc::io)) << range;
  }
  always("206 Partial Content\r\nContent-Range: bytes 3-6/*\r\n\r\n3456");
  EXPECT_EQ(load_range(3, 4), "3456");
  EXPECT_THAT([&] { load_range(3, 5); }, throws_errc(Errc::io)) << "there may be more";
  always("206 Partial Content\r\nContent-Range: bytes 3-6/7\r\n\r\n3456");
  EXPECT_THAT([&] { load_range(3, 5); }, throws_errc(Errc::corrupt)) << "the file ends there";
}

TEST_F(RestBackendTest, AListWithTwoSizesOfOneFileIsRefused) {
  const std::string id = pack_of(1).id.hex();
  EXPECT_THAT(
      [&] { list(R"([{"name":")" + id + R"(","size":7},{"name":")" + id + R"(","size":8}])"); },
      throws_errc(Errc::corrupt));
}

TEST_F(RestBackendTest, AsksOnceWhetherItMayDelete) {
  for (const auto& [status, allowed] :
       std::map<std::string, bool>{{"200", true}, {"404", true}, {"403", false}, {"405", false}}) {
    always(status + " Is\r\n\r\n");
    EXPECT_EQ(backend_->can_delete(), allowed) << status;
    EXPECT_EQ(backend_->can_delete(), allowed) << status;
    EXPECT_EQ(store_->seen().size(), 1U);
  }
  always("503 Busy\r\n\r\n");
  EXPECT_THAT([&] { backend_->can_delete(); }, throws_errc(Errc::io));
}

TEST_F(RestBackendTest, AProxyMustNotAnswerFromItsMemory) {
  always("200 OK\r\n\r\n[]");
  load(pack_of(1));
  backend_->size(pack_of(1));
  backend_->list(FileKind::index);
  load_range(0, 1);
  for (const SeenRequest& request : store_->seen()) {
    EXPECT_THAT(request.head, HasSubstr("Cache-Control: no-cache")) << request.method;
  }
}

/// A server that stores, and can be made to fail and to lose.
class RestartedServerTest : public RestBackendTest {
 protected:
  RestartedServerTest() {
    serve([this](const SeenRequest& request, std::size_t) { return answer(request); });
  }
  std::string answer(const SeenRequest& request) {
    if (!failure_.empty()) return std::exchange(failure_, {}) == kDrop ? "" : kBusy;
    if (request.method == "POST") {
      files_[request.target] = request.body;
      return "200 OK\r\n\r\n";
    }
    if (request.method == "DELETE") {
      files_.erase(request.target);
      return "200 OK\r\n\r\n";
    }
    if (request.target.ends_with("/")) return "200 OK\r\n\r\n[" + listed(request.target) + "]";
    const auto found = files_.find(request.target);
    return found == files_.end() ? "404 Not Found\r\n\r\n" : "200 OK\r\n\r\n" + found->second;
  }
  std::string listed(const std::string& folder) const {
    std::string json;
    for (const auto& [path, content] : files_) {
      if (!path.starts_with(folder) || path == unlisted_) continue;
      json += (json.empty() ? "" : ",") + std::string(R"({"name":")") + path.substr(folder.size()) +
              R"(","size":)" + std::to_string(content.size()) + "}";
    }
    return json;
  }
  static std::string path(const FileRef& file) {
    return (file.kind == FileKind::index ? "/repo/index/" : "/repo/data/") + file.id.hex();
  }
  void breaks(const std::string& how) {
    failure_ = how;
    EXPECT_THAT([this] { backend_->list(FileKind::lock); }, throws_errc(Errc::io));
  }

  static constexpr const char* kDrop = "drop";
  static constexpr const char* kBusy = "502 Bad Gateway\r\n\r\n";
  static constexpr FileRef kIndex = {.kind = FileKind::index, .id = {}};
  std::map<std::string, std::string> files_;
  std::string failure_;   // of the next request: kDrop or kBusy
  std::string unlisted_;  // the path of a file that no list names yet
};

TEST_F(RestartedServerTest, ABarrierAsksOnlyWhereThereIsDoubt) {
  save(pack_of(1), "1234");
  const std::size_t before = store_->seen().size();
  backend_->barrier();
  EXPECT_EQ(store_->seen().size(), before);
  breaks(kDrop);
  backend_->barrier();
  EXPECT_EQ(store_->seen().back().target, "/repo/data/");
  EXPECT_EQ(store_->seen().size(), before + 2);
  backend_->barrier();
  EXPECT_EQ(store_->seen().size(), before + 2);
}

TEST_F(RestartedServerTest, WhatItHasLostIsFoundAndNothingIsBuiltOnIt) {
  for (const char* how : {kDrop, kBusy}) {
    SCOPED_TRACE(how);
    serve([this](const SeenRequest& request, std::size_t) { return answer(request); });
    save(pack_of(1), "1234");
    save(pack_of(2), "1234");
    backend_->barrier();
    files_.erase(path(pack_of(1)));  // in spite of the barrier: there it was in memory only
    breaks(how);
    EXPECT_THAT([&] { save(kIndex, "of both"); }, throws_errc(Errc::unreachable));
    EXPECT_FALSE(files_.contains(path(kIndex)));
    EXPECT_THAT([&] { backend_->barrier(); }, throws_errc(Errc::unreachable));
    files_[path(pack_of(1))] = "1234";
    EXPECT_THAT([&] { backend_->barrier(); }, throws_errc(Errc::unreachable)) << "it stays lost";
  }
}

TEST_F(RestartedServerTest, WhatItHasCutOffIsFound) {
  save(pack_of(1), "1234");
  files_[path(pack_of(1))] = "12";
  breaks(kDrop);
  EXPECT_THAT([&] { backend_->barrier(); }, throws_errc(Errc::unreachable));
}

TEST_F(RestartedServerTest, AListMayLag) {
  save(pack_of(1), "1234");
  unlisted_ = path(pack_of(1));
  breaks(kDrop);
  EXPECT_NO_THROW(backend_->barrier());
}

TEST_F(RestartedServerTest, WhatWeDeletedIsNotLost) {
  save(kIndex, "1234");
  backend_->remove(kIndex);
  breaks(kDrop);
  EXPECT_NO_THROW(backend_->barrier());
}

TEST_F(RestartedServerTest, ABarrierThatFailedAsksAgain) {
  save(pack_of(1), "1234");
  files_.clear();
  breaks(kDrop);
  failure_ = kBusy;
  EXPECT_THAT([&] { backend_->barrier(); }, throws_errc(Errc::io));
  EXPECT_THAT([&] { backend_->barrier(); }, throws_errc(Errc::unreachable));
}

TEST_F(RestBackendTest, DeletingWhatIsGoneIsFine) {
  by_method({{"DELETE", "404 Not Found\r\n\r\n"}});
  EXPECT_NO_THROW(backend_->remove(pack_of(1)));
  by_method({{"DELETE", "403 Forbidden\r\n\r\n"}, {"HEAD", "404 Not Found\r\n\r\n"}});
  EXPECT_NO_THROW(backend_->remove(pack_of(1)));
  by_method({{"DELETE", "403 Forbidden\r\n\r\n"}, {"HEAD", "200 OK\r\n\r\nx"}});
  EXPECT_THAT([&] { backend_->remove(pack_of(1)); }, throws_errc(Errc::permission));
}

TEST(RestBackend, TakesTheNumberOfConnectionsFromItsOption) {
  RemoteOptions options;
  EXPECT_EQ(make_rest_backend("http://host/", options)->connections(), 5U);
  options.extended["rest.connections"] = "9";
  EXPECT_EQ(make_rest_backend("http://host/", options)->connections(), 9U);
  for (const char* const wrong : {"", "0", "-1", "x", "9x", "1000"}) {
    options.extended["rest.connections"] = wrong;
    EXPECT_THAT([&] { make_rest_backend("http://host/", options); }, throws_errc(Errc::usage));
  }
}

}  // namespace
}  // namespace medsave::test
