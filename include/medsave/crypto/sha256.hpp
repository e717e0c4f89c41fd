#pragma once

#include "medsave/base/bytes.hpp"
#include "medsave/base/id.hpp"

#include <memory>
#include <string>

namespace medsave {

/// SHA-256 of `data` (FIPS 180-4). Thread-safe; OpenSSL objects are fetched once per process and
/// the context is reused per thread.
Id sha256(ByteView data);

/// SHA-256 over several pieces. Not thread-safe.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;
  void update(ByteView data);
  /// Ends the stream; the object starts a new one.
  Id finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace medsave
