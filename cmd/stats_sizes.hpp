#pragma once

#include "context.hpp"

namespace medsave::cli {

/// `stats --mode debug`: how large the repository's files and blobs are, for those who look for the
/// cause of slowness.
void print_size_statistics(const OpenedRepository& opened, Context& context);

}  // namespace medsave::cli
