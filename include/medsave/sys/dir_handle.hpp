#pragma once

#include <cstdint>
#include <utility>

namespace medsave {

/// An open folder, to which names are relative, or none. What it is differs from one system to
/// another, so only lib/sys looks inside. It does not own the folder: a UniqueDir does.
class DirHandle {
 public:
  constexpr DirHandle() = default;
  /// The folder that the process is in, for paths.
  static constexpr DirHandle current() { return DirHandle(kCurrent); }

  explicit constexpr operator bool() const { return value_ != kNone; }
  friend constexpr bool operator==(DirHandle, DirHandle) = default;

 private:
  friend struct NativeDir;  // of lib/sys
  static constexpr std::intptr_t kNone = -1;
  static constexpr std::intptr_t kCurrent = -2;

  explicit constexpr DirHandle(std::intptr_t value) : value_(value) {}

  std::intptr_t value_ = kNone;
};

inline constexpr DirHandle kCurrentDirectory = DirHandle::current();

/// Owner of an open folder, or of none.
class UniqueDir {
 public:
  UniqueDir() = default;
  UniqueDir(UniqueDir&& other) noexcept : handle_(std::exchange(other.handle_, DirHandle())) {}
  UniqueDir& operator=(UniqueDir&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, DirHandle());
    }
    return *this;
  }
  UniqueDir(const UniqueDir&) = delete;
  UniqueDir& operator=(const UniqueDir&) = delete;
  ~UniqueDir() { reset(); }

  [[nodiscard]] DirHandle get() const { return handle_; }
  explicit operator bool() const { return static_cast<bool>(handle_); }
  void reset();

 private:
  friend struct NativeDir;
  explicit UniqueDir(DirHandle handle) : handle_(handle) {}

  DirHandle handle_;
};

}  // namespace medsave
