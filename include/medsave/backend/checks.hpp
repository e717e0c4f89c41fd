#pragma once

#include "medsave/backend/backend.hpp"

#include <cstdint>
#include <string>

namespace medsave {

/// The errors every implementation throws in the same words.
[[noreturn]] void throw_missing(const FileRef& file, const std::string& location);
[[noreturn]] void throw_present(const FileRef& file, const std::string& location);
/// What to do about a repository in which the folder for files of this kind is missing.
std::string missing_folder_advice(FileKind kind);
/// Throws Error(corrupt) when `size` is above `limit`.
void require_within(const FileRef& file, std::uint64_t size, std::uint64_t limit);
/// Throws Error(corrupt) when fewer bytes came than were asked for.
void require_whole(const FileRef& file, std::uint64_t offset, std::size_t asked, std::size_t got);

}  // namespace medsave
