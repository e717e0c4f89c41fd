#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <utility>

namespace medsave {

/// Borrowed bytes; valid for the call that receives them unless said otherwise.
using ByteView = std::span<const std::byte>;
using MutableByteView = std::span<std::byte>;

/// Owned bytes: move-only, growable, and never zero-filled on growth (packs and chunks are
/// megabytes that are overwritten at once, so a memset of each would show).
class Buffer {
 public:
  Buffer() = default;
  /// `size` bytes with indeterminate content.
  explicit Buffer(std::size_t size) { resize(size); }
  explicit Buffer(ByteView content) { append(content); }

  Buffer(Buffer&& other) noexcept
      : data_(std::move(other.data_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() = default;

  [[nodiscard]] std::byte* data() { return data_.get(); }
  [[nodiscard]] const std::byte* data() const { return data_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] ByteView view() const { return {data_.get(), size_}; }
  [[nodiscard]] MutableByteView writable() { return {data_.get(), size_}; }

  /// Allocates memory for `capacity` bytes; keeps the content. Throws std::bad_alloc.
  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    Memory bigger(capacity >= kLarge ? allocate_large(capacity)
                                     : static_cast<std::byte*>(std::malloc(capacity)));
    if (bigger == nullptr) throw std::bad_alloc();
    if (size_ != 0) std::memcpy(bigger.get(), data_.get(), size_);
    data_ = std::move(bigger);
    capacity_ = capacity;
  }
  /// New bytes are indeterminate. Grows by doubling, so repeated growth stays linear.
  void resize(std::size_t size) {
    if (size > capacity_) reserve(size < 2 * capacity_ ? 2 * capacity_ : size);
    size_ = size;
  }
  void append(ByteView more) {
    if (more.empty()) return;
    const std::size_t old = size_;
    resize(old + more.size());
    std::memcpy(data_.get() + old, more.data(), more.size());
  }
  /// Drops the content, keeps the memory for reuse.
  void clear() { size_ = 0; }

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  using Memory = std::unique_ptr<std::byte, Free>;
  /// Rounds `capacity` up to whole blocks of a disk, and aligns to them, so that megabytes can be
  /// written past the page cache. nullptr when there is not enough memory.
  static std::byte* allocate_large(std::size_t& capacity);

  static constexpr std::size_t kLarge = std::size_t{4} << 20;

  Memory data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

inline ByteView as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Little-endian integers at unaligned places; callers have checked the bounds.
inline std::uint32_t load_le32(const std::byte* p) {
  std::uint32_t v = 0;
  std::memcpy(&v, p, sizeof v);
  return v;  // every supported target is little endian (checked in bytes.cpp)
}
inline void store_le32(std::byte* p, std::uint32_t v) { std::memcpy(p, &v, sizeof v); }

}  // namespace medsave
