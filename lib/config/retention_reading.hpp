#pragma once

#include "table_reader.hpp"

namespace medsave {

/// The keys of [retention], or of a target's own. Rules that are there replace those that
/// `retention` has; a table without any leaves them.
void read_retention(TableReader& table, RetentionConfig& retention);

/// What is in force, as a JSON object.
std::string retention_value(const RetentionConfig& retention);

}  // namespace medsave
