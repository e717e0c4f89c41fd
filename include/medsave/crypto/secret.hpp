#pragma once

#include "medsave/base/bytes.hpp"

#include <cstddef>
#include <string_view>

namespace medsave {

/// A password or other secret text in locked memory; wiped on destruction, move-only, never
/// printed. Uses OpenSSL's secure heap (locked, guard pages), see init_secure_memory().
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  [[nodiscard]] std::string_view text() const { return {data_, size_}; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Sets up the secure heap. Call once at start; later calls do nothing. Where the system refuses
/// to lock memory, ordinary memory is used (still wiped).
void init_secure_memory();

}  // namespace medsave
