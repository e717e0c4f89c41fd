#include "medsave/sys/host.hpp"

#include "medsave/base/clock.hpp"
#include "medsave/base/system.hpp"
#include "medsave/sys/file_info.hpp"
#include "medsave/sys/process.hpp"
#include "medsave/sys/signals.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>

namespace medsave::test {
namespace {

TEST(Host, KnowsItself) {
  EXPECT_FALSE(host_name().empty());
  EXPECT_FALSE(user_name().empty());
  EXPECT_EQ(process_id(), ::getpid());
  EXPECT_EQ(boot_id(), boot_id());
  EXPECT_LT(boot_time(), system_clock().now());
  EXPECT_TRUE(pid_namespace().starts_with("pid:"));
  EXPECT_FALSE(current_directory().empty());
}

TEST(Host, TranslatesNamesBothWays) {
  EXPECT_EQ(user_name_of(0), "root");
  EXPECT_EQ(group_name_of(0), "root");
  EXPECT_EQ(user_id_of("root"), 0U);
  EXPECT_EQ(group_id_of("root"), 0U);
  EXPECT_EQ(user_name_of(4'000'000'123U), "");
  EXPECT_FALSE(user_id_of("medsave-no-such-user"));
  EXPECT_FALSE(group_id_of("medsave-no-such-group"));
}

TEST(Host, TellsLivingProcessesFromDeadOnes) {
  EXPECT_TRUE(process_exists(process_id()));
  EXPECT_TRUE(process_exists(1));
  EXPECT_FALSE(process_exists(0));
  EXPECT_FALSE(process_exists(-1));
  EXPECT_FALSE(process_exists(std::int64_t{1} << 40));
  EXPECT_FALSE(process_exists(0x7fffffff));  // above the kernel's largest pid
}

TEST(Host, TakesASecretOutOfTheEnvironment) {
  ::setenv("MEDSAVE_TEST_VARIABLE", "secret", 1);
  const char* const place = ::getenv("MEDSAVE_TEST_VARIABLE");
  std::string taken;
  EXPECT_TRUE(take_from_environment("MEDSAVE_TEST_VARIABLE",
                                    [&](std::string_view value) { taken = value; }));
  EXPECT_EQ(taken, "secret");
  EXPECT_EQ(std::string(place, 6), std::string(6, '\0'));  // where /proc shows it
  EXPECT_FALSE(environment("MEDSAVE_TEST_VARIABLE"));
  const auto never = [](std::string_view /*value*/) { FAIL(); };
  EXPECT_FALSE(take_from_environment("MEDSAVE_TEST_VARIABLE", never));
  ::setenv("MEDSAVE_TEST_VARIABLE", "", 1);
  EXPECT_FALSE(take_from_environment("MEDSAVE_TEST_VARIABLE", never));
  ::unsetenv("MEDSAVE_TEST_VARIABLE");
}

TEST(Host, ReadsTheEnvironment) {
  ::setenv("MEDSAVE_TEST_VARIABLE", "", 1);
  EXPECT_EQ(environment("MEDSAVE_TEST_VARIABLE"), "");
  ::unsetenv("MEDSAVE_TEST_VARIABLE");
  EXPECT_FALSE(environment("MEDSAVE_TEST_VARIABLE"));
}

}  // namespace
}  // namespace medsave::test
