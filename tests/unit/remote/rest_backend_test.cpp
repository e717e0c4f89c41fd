#include "medsave/remote/rest_backend.hpp"

#include "rest_listing.hpp"
#include "scripted_store.hpp"
#include "support/matchers.hpp"

#include "medsave/base/id.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>

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
  serve([](const SeenRequest& request, std::size_t) -> std::string {
    if (request.method == "GET") {
      return "200 OK\r\n\r\n[\"" + pack_of(1).id.hex() + "\",\"" + pack_of(2).id.hex() +
             "\",\"x\"]";
    }
    if (request.target.ends_with(pack_of(2).id.hex())) return "404 Not Found\r\n\r\n";
    return "200 OK\r\nContent-Length: 12\r\n\r\n";
  });
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

TEST_F(RestBackendTest, AFolderThatIsNotThereIsEmpty) {
  always("404 Not Found\r\n\r\n");
  EXPECT_TRUE(backend_->list(FileKind::pack).empty());
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
