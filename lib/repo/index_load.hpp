#pragma once

#include "medsave/repo/index.hpp"
#include "medsave/repo/repository.hpp"

#include <memory>
#include <stop_token>

namespace medsave {

/// load_index() that enters only damaged files in the report: what may be read another time, it
/// throws.
std::unique_ptr<Index> load_undamaged_index(const Repository& repository,
                                            const std::stop_token& stop, LoadIndexReport& damaged);

}  // namespace medsave
