#pragma once

#include "medsave/backend/backend.hpp"
#include "medsave/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace medsave {

/// Errors that all implementations throw with the same messages.
[[noreturn]] void throw_missing(const FileRef& file, const std::string& location);
[[noreturn]] void throw_present(const FileRef& file, const std::string& location);
/// What a person can do where the medium of a repository takes no more (Error(no_space)).
[[noreturn]] void throw_full(const Error& why);
/// What to do about a repository in which the folder for files of this kind is missing.
std::string missing_folder_advice(FileKind kind);
/// Throws Error(corrupt) for the name of a snapshot or an index file in upper case, as some copying
/// programs and file systems make it: no program would find the file.
void refuse_upper_case(FileKind kind, std::string_view name, const std::string& folder);
/// Throws Error(corrupt) when `size` is above `limit`.
void require_within(const FileRef& file, std::uint64_t size, std::uint64_t limit);
/// Throws Error(corrupt) when fewer bytes came than were asked for.
void require_whole(const FileRef& file, std::uint64_t offset, std::size_t asked, std::size_t got);

}  // namespace medsave
