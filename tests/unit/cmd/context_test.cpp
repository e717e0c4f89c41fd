#include "context.hpp"

#include <gtest/gtest.h>

#include <stop_token>

namespace medsave::cli {
namespace {

TEST(Context, EveryLockThatIsLostEndsTheWaitingForServers) {
  Console console([](std::string_view) {}, [](std::string_view) {}, {});
  Context context(Identity::medsave, console, {});
  std::stop_source lock;
  std::stop_source other;
  const auto linked = context.hurry_when(lock.get_token());
  { const auto ended = context.hurry_when(other.get_token()); }
  other.request_stop();
  EXPECT_FALSE(context.hurry().stop_requested());
  lock.request_stop();
  EXPECT_TRUE(context.hurry().stop_requested());
}

}  // namespace
}  // namespace medsave::cli
