#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace medsave::test {

/// A fresh folder below $TMPDIR or /tmp, removed with everything in it at the end.
class TempDir {
 public:
  TempDir() : TempDir(std::filesystem::temp_directory_path().string()) {}
  explicit TempDir(const std::string& parent) {
    std::string pattern = parent + "/medsave-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  /// A parent in memory where there is one: for tests that make many folders and sync them.
  static std::string memory() {
    const char* const shared = "/dev/shm";
    return ::access(shared, W_OK) == 0 ? shared : std::filesystem::temp_directory_path().string();
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace medsave::test
