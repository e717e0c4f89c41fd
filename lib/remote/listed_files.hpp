#pragma once

#include "medsave/backend/backend.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace medsave {

/// A list that goes on is refused, before it takes a gigabyte of memory. Repositories of ten
/// million packs, of 128 MiB at most, have more than a practice will ever save.
inline constexpr std::size_t kMostListedFiles = 12'000'000;

/// What a server listed, sorted, each file once. Throws Error(corrupt) where it names one file
/// twice with different sizes: then nothing it lists can be relied on.
void make_unique_listing(std::vector<ListedFile>& files, const std::string& server);

}  // namespace medsave
