#pragma once

#include "held_folder.hpp"

#include <cstdint>

namespace medsave {

/// A file in a folder of the repository that no program looks into. It takes up space until the
/// medium is full, and gives it back then for the lock and the index files that deleting needs.

/// The folder it is in, relative to the repository's.
inline constexpr const char* kReserveFolder = "medsave";

/// Makes it where it is missing and the medium has at least `least_free` bytes free. The folder
/// must be there. Failures are ignored: without it deleting is harder on a full medium, no more.
void make_reserve(const HeldFolder& root, std::uint64_t least_free) noexcept;
/// Whether any space was freed.
bool remove_reserve(const HeldFolder& root) noexcept;

}  // namespace medsave
