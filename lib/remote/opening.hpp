#pragma once

#include "medsave/backend/backend.hpp"

namespace medsave {

/// Backend::load_opening() by one request each, all of them under way at a time. What fails is
/// absent.
Opening load_opening_at_once(Backend& backend);

}  // namespace medsave
