#pragma once

#include "medsave/backend/backend.hpp"

#include <string>
#include <vector>

namespace medsave {

/// What a server listed, sorted, each file once. Throws Error(corrupt) where it names one file
/// twice with different sizes: then nothing it lists can be relied on.
void make_unique_listing(std::vector<ListedFile>& files, const std::string& server);

}  // namespace medsave
