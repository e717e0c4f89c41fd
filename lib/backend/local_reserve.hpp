#pragma once

#include "held_folder.hpp"

#include <cstdint>

namespace medsave {

/// A file that takes up space in the repository, in a folder that other programs ignore. When the
/// medium is full it is deleted, which frees space for the lock and the index files that deleting
/// needs.

/// The folder it is in, relative to the repository's.
inline constexpr const char* kReserveFolder = "medsave";

/// Makes it where it is missing and the medium has at least `least_free` bytes free. The folder
/// must be there. Failures are ignored: without it only deleting on a full medium is harder.
void make_reserve(const HeldFolder& root, std::uint64_t least_free) noexcept;
/// Whether any space was freed.
bool remove_reserve(const HeldFolder& root) noexcept;

}  // namespace medsave
