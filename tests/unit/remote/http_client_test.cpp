#include "http_client.hpp"

#include "scripted_store.hpp"
#include "support/matchers.hpp"

#include <gtest/gtest.h>

namespace medsave::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t kLimit = 1000;

class HttpClientTest : public testing::Test {
 protected:
  /// A server that always says this; see ScriptedStore::Answer.
  void serve(std::string answer) {
    store_ = std::make_unique<ScriptedStore>(
        [answer = std::move(answer)](const SeenRequest&, std::size_t) { return answer; });
    url_ = "http://" + store_->host() + "/";
  }
  HttpResponse get(std::uint64_t limit = kLimit) {
    return client_.perform(
        {.method = "GET", .url = url_, .headers = {}, .body = {}, .limit = limit});
  }
  std::string message() {
    try {
      get();
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }

  std::unique_ptr<ScriptedStore> store_;
  std::string url_;
  HttpClient client_{{.user = "me", .password = "secret"}, {}};
};

TEST_F(HttpClientTest, GivesBackWhatTheServerSays) {
  serve("201 Created\r\nX-Some-Thing:  a value \r\n\r\nthe body");
  const HttpResponse response = get();
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.headers.at("x-some-thing"), "a value");
  EXPECT_EQ(as_text(response.body.view()), "the body");
}

TEST_F(HttpClientTest, SendsWhatItIsToldAsItIs) {
  serve("200 OK\r\n\r\n");
  client_.perform({.method = "PUT",
                   .url = url_ + "a/../b%2Fc//d?x=1&y=",
                   .headers = {"X-Mine: yes"},
                   .body = as_bytes("content"),
                   .limit = kLimit});
  const SeenRequest seen = store_->seen().at(0);
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.target, "/a/../b%2Fc//d?x=1&y=");
  EXPECT_EQ(seen.body, "content");
  EXPECT_THAT(seen.head, HasSubstr("X-Mine: yes"));
  EXPECT_THAT(seen.head, HasSubstr("Authorization: Basic bWU6c2VjcmV0"));
  EXPECT_THAT(seen.head, Not(HasSubstr("Content-Type")));
}

TEST_F(HttpClientTest, TellsWhenTheServerMayHaveBeenStartedAgain) {
  const auto breaks = [](std::string answer) {
    unsigned count = 0;
    ScriptedStore store([&](const SeenRequest&, std::size_t) { return answer; });
    HttpClient client({.on_break = [&] { ++count; }}, {});
    for (int i = 0; i < 2; ++i) {
      try {
        client.perform({.url = "http://" + store.host() + "/", .limit = kLimit});
      } catch (const Error&) {  // is what counts
      }
    }
    return count;
  };
  EXPECT_EQ(breaks("200 OK\r\n\r\n"), 0U);
  EXPECT_EQ(breaks("404 Not Found\r\n\r\n"), 0U);
  EXPECT_EQ(breaks("429 Too Many Requests\r\n\r\n"), 0U);
  EXPECT_EQ(breaks("507 Insufficient Storage\r\n\r\n"), 0U);
  EXPECT_EQ(breaks(""), 2U) << "no answer";
  EXPECT_EQ(breaks("200 OK\r\nContent-Length: 7\r\n\r\n123"), 2U) << "half an answer";
  EXPECT_EQ(breaks("502 Bad Gateway\r\n\r\n"), 2U);
  EXPECT_EQ(breaks("200 OK\r\nConnection: keep-alive\r\n\r\n"), 1U) << "a kept connection ended";
}

TEST_F(HttpClientTest, SendsEmptyBodiesWithTheirLength) {
  serve("200 OK\r\n\r\n");
  for (const char* const method : {"POST", "PUT"}) {
    client_.perform({.method = method, .url = url_, .headers = {}, .body = {}, .limit = kLimit});
    EXPECT_THAT(store_->seen().back().head, HasSubstr("Content-Length: 0"));
  }
}

TEST_F(HttpClientTest, CountsRequestsAndContent) {
  serve("200 OK\r\n\r\n12345");
  get();
  client_.perform(
      {.method = "POST", .url = url_, .headers = {}, .body = as_bytes("123"), .limit = kLimit});
  client_.perform({.method = "HEAD", .url = url_, .headers = {}, .body = {}, .limit = 0});
  EXPECT_EQ(client_.traffic().requests, 3U);
  EXPECT_EQ(client_.traffic().sent, 3U);
  EXPECT_EQ(client_.traffic().received, 10U);
}

TEST_F(HttpClientTest, TakesNoMoreThanTheLimit) {
  serve("200 OK\r\n\r\n12345");
  EXPECT_EQ(get(5).body.size(), 5U);
  EXPECT_THAT([&] { get(4); }, throws_errc(Errc::corrupt));
  serve("200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\n12345\r\n0\r\n\r\n");
  EXPECT_EQ(get(5).body.size(), 5U);
  EXPECT_THAT([&] { get(4); }, throws_errc(Errc::corrupt));
}

TEST_F(HttpClientTest, AnnouncedLengthsAreNotBelieved) {
  serve("200 OK\r\nContent-Length: 999\r\n\r\n12345");
  EXPECT_THAT([&] { get(); }, throws_errc(Errc::io));
  serve("200 OK\r\nContent-Length: 99999999999999\r\n\r\n12345");
  EXPECT_THAT([&] { get(); }, throws_errc(Errc::corrupt));
  serve("200 OK\r\nContent-Length: 3\r\n\r\n12345");
  EXPECT_EQ(get().body.size(), 3U);
}

TEST_F(HttpClientTest, ErrorPagesAreAnswersHoweverLong) {
  serve("503 Busy\r\n\r\n" + std::string(100'000, 'x'));
  const HttpResponse response = get(0);
  EXPECT_EQ(response.status, 503);
  EXPECT_LE(response.body.size(), 65'536U);
}

TEST_F(HttpClientTest, RedirectsAreNotFollowed) {
  serve("301 Moved\r\nLocation: http://127.0.0.1:1/\r\n\r\n");
  EXPECT_EQ(get().status, 301);
  EXPECT_EQ(store_->seen().size(), 1U);
}

TEST_F(HttpClientTest, WaitsOutAContinue) {
  serve(
      "100 Continue\r\nX-First: 1\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n"
      "Connection: close\r\nContent-Length: 2\r\n\r\nok");
  const HttpResponse response = get();
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.headers.contains("x-first"));
}

TEST_F(HttpClientTest, SaysWhoRefusesAConnectionAndNoPassword) {
  serve("200 OK\r\n\r\n");
  store_.reset();  // nobody listens there now
  url_.insert(7, "me:secret@");
  EXPECT_THAT([&] { get(); }, throws_errc(Errc::io));
  EXPECT_THAT(message(), HasSubstr("http://127.0.0.1:"));
  EXPECT_THAT(message(), Not(HasSubstr("secret")));
}

TEST_F(HttpClientTest, TheLibrarysOwnWordsAreGivenWhereTheyAreAskedFor) {
  serve("200 OK\r\n\r\n");
  store_.reset();
  EXPECT_THAT(message(), EndsWith("is its port right?)"));
  HttpClient talkative({}, {.library_words = true});
  try {
    talkative.perform({.url = url_, .limit = kLimit});
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("is its port right?) ("));
  }
}

TEST_F(HttpClientTest, AServerThatIsNotFoundIsLookedForAgain) {
  // No name may have so long a part, so that nobody is asked for it.
  url_ = "http://" + std::string(64, 'a') + ".invalid/";
  for (int i = 0; i < 3; ++i) EXPECT_THAT(message(), HasSubstr("no server of this name"));
}

TEST_F(HttpClientTest, OtherSchemesAreRefused) {
  url_ = "file:///etc/passwd";
  EXPECT_ANY_THROW(get());
}

}  // namespace
}  // namespace medsave::test
