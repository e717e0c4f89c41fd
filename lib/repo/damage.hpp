#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/base/error.hpp"

#include <cstdint>
#include <string_view>

namespace medsave {

/// Error(corrupt): which file, what is wrong with it, what to do about a file of that kind.
Error damaged(const FileRef& file, std::string_view what);

/// The largest size of a file of this kind that is accepted, stored or decompressed, in bytes.
std::uint64_t size_limit(FileKind kind);

}  // namespace medsave
