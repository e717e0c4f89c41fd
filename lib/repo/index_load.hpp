#pragma once

#include "medsave/repo/index.hpp"
#include "medsave/repo/index_load.hpp"
#include "medsave/repo/repository.hpp"

#include <memory>
#include <stop_token>

namespace medsave {

/// As load_index(), but only damaged files are entered in the report. A failure that may pass is
/// thrown.
std::unique_ptr<Index> load_undamaged_index(const Repository& repository,
                                            const std::stop_token& stop, LoadIndexReport& damaged);

}  // namespace medsave
