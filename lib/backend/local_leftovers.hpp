#pragma once

#include "held_folder.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace medsave {

/// Removes from these folders, relative to the repository's, temporary files that nobody can still
/// be writing: they have not changed for a day, by this computer's clock and by the medium's (the
/// clock of a file server, or what was wrong when the file was made). The medium's is read off what
/// was last changed among the locks; whoever may remove leftovers has just stored one.
/// Returns the bytes freed. Throws Error.
std::uint64_t remove_old_leftovers(const HeldFolder& root, const std::vector<std::string>& folders,
                                   const std::string& locks);

}  // namespace medsave
